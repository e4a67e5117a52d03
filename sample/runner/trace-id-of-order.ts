import type { TraceStore } from '../trace-viewer/index.js';

/** Spans are exported a moment after they have ended. */
const TIMEOUT_MS = 5000;

/** The trace that has a span with this `order.id`, as soon as there is one; undefined when there is none in five seconds. */
export function traceIdOfOrder(store: TraceStore, orderId: string): Promise<string | undefined> {
  const found = (traceIds: Iterable<string>): string | undefined =>
    [...traceIds].find((traceId) =>
      store.trace(traceId)?.spans.some(({ attributes }) => attributes['order.id'] === orderId),
    );
  const known = found(store.traceIds().toReversed());
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    const done = (traceId: string | undefined): void => {
      clearTimeout(deadline);
      end();
      resolve(traceId);
    };
    const end = store.onArrival(({ changed }) => {
      const traceId = found(changed);
      if (traceId !== undefined) done(traceId);
    });
    const deadline = setTimeout(done, TIMEOUT_MS, undefined);
  });
}
