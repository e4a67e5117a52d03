import { EmbeddedKafka, type KafkaForTests } from 'nestjs-kafka-tracing/testing';
import type { Arguments } from './arguments.js';
import { progress } from './progress.js';
import { serviceEnvironment } from './service-environment.js';
import { forkService } from './service-process.js';
import type { StopStack } from './stop-stack.js';

const SERVICES = ['order-service', 'notification-service'] as const;

/** Kafka and both services. */
export interface RunningSystem {
  readonly kafka: KafkaForTests;
  readonly orderServiceUrl: string;
  /** Rejects when a service ends without having been asked to; never resolves. */
  readonly failure: Promise<never>;
}

/** Starts Kafka, and then the services, which send what they record to `receiverUrl`. What it starts it leaves to `stops`. */
export async function startSystem(
  { relation, serve }: Arguments,
  receiverUrl: string,
  stops: StopStack,
): Promise<RunningSystem> {
  const kafka = await startKafka(stops);
  progress('starting order-service and notification-service');
  const { brokers } = kafka;
  const services = SERVICES.map((name) =>
    forkService(
      name,
      serviceEnvironment({ name, brokers, receiverUrl, metrics: serve !== undefined, relation }),
    ),
  );
  stops.add('the services', () => Promise.all(services.map((service) => service.stop())));
  const [orderServiceUrl = ''] = await Promise.all(services.map(({ listening }) => listening));
  return { kafka, orderServiceUrl, failure: Promise.race(services.map((service) => service.failure)) };
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
