import { joinedTraces, type Trace, type TraceStore } from '../trace-viewer/index.js';

/** Spans are exported a moment after they have ended. */
const TIMEOUT_MS = 5000;

/**
 * The trace of the request that placed an order, as soon as it is there; undefined when it is not in five seconds. A span that
 * names the order may be of another trace, which only links to the request's: then the consumer has been faster.
 */
export function traceIdOfOrder(store: TraceStore, orderId: string): Promise<string | undefined> {
  const names = (traceId: string): boolean =>
    store.trace(traceId)?.spans.some(({ attributes }) => attributes['order.id'] === orderId) ?? false;
  const naming = new Set(store.traceIds().filter(names));
  const found = (): string | undefined =>
    [...naming]
      .flatMap((traceId) => joinedTraces(store, traceId)?.traces ?? [])
      .find((trace) => isOfRequest(trace))?.traceId;

  const known = found();
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    const done = (traceId: string | undefined): void => {
      clearTimeout(deadline);
      end();
      resolve(traceId);
    };
    const end = store.onArrival(({ changed }) => {
      for (const traceId of changed) if (names(traceId)) naming.add(traceId);
      const traceId = found();
      if (traceId !== undefined) done(traceId);
    });
    const deadline = setTimeout(done, TIMEOUT_MS, undefined);
  });
}

function isOfRequest({ spans }: Trace): boolean {
  return spans.some(({ serviceName }) => serviceName === 'order-service');
}
