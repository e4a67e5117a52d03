import { EmbeddedKafka, type KafkaForTests } from 'nestjs-kafka-tracing/testing';
import { startTraceReceiver, TraceStore } from '../trace-viewer/index.js';
import type { Arguments } from './arguments.js';
import { type PlacedOrder, placeOrders } from './place-orders.js';
import { progress } from './progress.js';
import { type Report, reportOn } from './report.js';
import { serviceEnvironment } from './service-environment.js';
import { forkService, type ServiceProcess } from './service-process.js';
import { forwardSpansTo, type SpanForwarder } from './span-forwarder.js';
import type { StopStack } from './stop-stack.js';
import { readUserEndpoint } from './user-endpoint.js';
import { untilWhole } from './whole-traces.js';

const SERVICES = ['order-service', 'notification-service'] as const;
const TRACES_TIMEOUT_MS = 20_000;
/** An order leaves six spans; retries and what the services do besides need some room. */
const SPANS_PER_ORDER = 50;

/** Starts everything, places the orders and looks at their traces. What it starts it leaves to `stops`. */
export async function runSample({ orders, json }: Arguments, stops: StopStack): Promise<Report> {
  const store = new TraceStore({ maxSpans: 20_000 + orders * SPANS_PER_ORDER, maxTraces: 1000 + orders * 2 });
  const forwarder = startForwarder();
  const receiver = await startTraceReceiver({ store, onAccepted: (request) => forwarder?.forward(request) });
  stops.add('the trace receiver', () => receiver.stop());
  if (forwarder) stops.add('the forwarding of spans', () => forwarder.finish());

  const { brokers } = await startKafka(stops);
  progress('starting order-service and notification-service');
  const tracesUrl = `${receiver.url}/v1/traces`;
  const services = SERVICES.map((name) =>
    forkService(name, serviceEnvironment({ name, brokers, tracesUrl })),
  );
  stops.add('the services', () => Promise.all(services.map((service) => service.stop())));

  const work = placeAndAwait(services, orders, store);
  const placed = await Promise.race([work, ...services.map(({ failure }) => failure)]);
  return reportOn(store, placed, json);
}

async function placeAndAwait(
  services: readonly ServiceProcess[],
  orders: number,
  store: TraceStore,
): Promise<readonly PlacedOrder[]> {
  const [orderServiceUrl] = await Promise.all(services.map(({ listening }) => listening));
  progress(`placing ${orders} ${orders === 1 ? 'order' : 'orders'}, and a poison one that cannot be handled`);
  const placed = await placeOrders(orderServiceUrl!, orders);
  progress('waiting for the traces');
  await untilWhole(store, placed, TRACES_TIMEOUT_MS);
  return placed;
}

function startForwarder(): SpanForwarder | undefined {
  const { endpoint, problem } = readUserEndpoint(process.env);
  if (problem) progress(problem);
  if (!endpoint) return undefined;
  progress(`sending the spans to ${endpoint.url} as well`);
  return forwardSpansTo(endpoint, progress);
}

async function startKafka(stops: StopStack): Promise<KafkaForTests> {
  const exists = Boolean(process.env['KAFKA_BROKERS']);
  progress(exists ? 'connecting to Kafka' : 'starting Kafka');
  const starting = EmbeddedKafka.startOrUse({
    onProgress: progress,
    startTimeoutMs: exists ? 10_000 : 30_000,
  });
  // Added before it has started: a signal may come first.
  stops.add('Kafka', async () => {
    const kafka = await starting.catch(() => undefined);
    await kafka?.stop();
  });
  return starting;
}
