import { type Routes, startTraceReceiver, type TraceReceiver, TraceStore } from '../trace-viewer/index.js';
import type { Arguments } from './arguments.js';
import { expectedTraces } from './expected-traces.js';
import { type PlacedOrder, placeOrders } from './place-orders.js';
import { progress } from './progress.js';
import { type Report, reportOn } from './report.js';
import { type RunningSystem, startSystem } from './running-system.js';
import { SampleRoutes } from './sample-routes.js';
import { forwardSpansTo, type SpanForwarder } from './span-forwarder.js';
import type { StopStack } from './stop-stack.js';
import { readUserEndpoint } from './user-endpoint.js';
import { untilWhole } from './whole-traces.js';

const TRACES_TIMEOUT_MS = 20_000;
/** An order leaves six spans; retries and what the services do besides need some room. */
const SPANS_PER_ORDER = 50;

/** What goes on until somebody ends it. */
export interface ServedSample {
  /** On the orders that were placed at start. */
  readonly report: Report;
  /** Of the page. */
  readonly url: string;
  /** Rejects when a service ends without having been asked to; never resolves. */
  readonly failure: Promise<never>;
}

/** Starts everything, places the orders and looks at their traces. What it starts it leaves to `stops`. */
export async function runSample(args: Arguments, stops: StopStack): Promise<Report> {
  const store = storeFor(args);
  const receiver = await startReceiver(args, store, {}, stops);
  const system = await startSystem(args, receiver.url, stops);
  const placed = await Promise.race([placeAndAwait(args, system, store), system.failure]);
  return reportOn(store, placed, args.json);
}

/** The same, and leaves everything running, with a page that shows the traces. */
export async function serveSample(args: Arguments, stops: StopStack): Promise<ServedSample> {
  const store = storeFor(args);
  const routes = new SampleRoutes(store, args.relation);
  const receiver = await startReceiver(args, store, routes.routes, stops);
  const system = await startSystem(args, receiver.url, stops);
  routes.connect(system);
  const placed = await Promise.race([placeAndAwait(args, system, store), system.failure]);
  return { report: reportOn(store, placed, args.json), url: receiver.url, failure: system.failure };
}

function storeFor({ orders }: Arguments): TraceStore {
  return new TraceStore({ maxSpans: 20_000 + orders * SPANS_PER_ORDER, maxTraces: 1000 + orders * 2 });
}

async function startReceiver(
  { serve }: Arguments,
  store: TraceStore,
  routes: Routes,
  stops: StopStack,
): Promise<TraceReceiver> {
  const forwarder = startForwarder();
  const start = (port: number): Promise<TraceReceiver> =>
    startTraceReceiver({ store, routes, port, onAccepted: (request) => forwarder?.forward(request) });
  const receiver = await start(serve?.port ?? 0).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (!serve?.isDefault) throw new Error(`Port ${serve?.port} is taken. Choose another one: --port <n>`);
    progress(`port ${serve.port} is taken, so the page is on another one`);
    return start(0);
  });
  stops.add('the trace receiver', () => receiver.stop());
  if (forwarder) stops.add('the forwarding of spans', () => forwarder.finish());
  return receiver;
}

async function placeAndAwait(
  { orders, relation }: Arguments,
  { orderServiceUrl }: RunningSystem,
  store: TraceStore,
): Promise<readonly PlacedOrder[]> {
  progress(
    `placing ${orders} ${orders === 1 ? 'order' : 'orders'}, one of an item, three at once, and a poison one that cannot be handled`,
  );
  const placed = await placeOrders(orderServiceUrl, orders, expectedTraces(relation));
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
