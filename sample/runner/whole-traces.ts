import type { TraceStore } from '../trace-viewer/index.js';
import { missingFrom, tracesOfOrders } from './order-trace.js';

/** Waits until the trace of every order is whole, or until `timeoutMs` is over. */
export async function untilWhole(
  store: TraceStore,
  orderIds: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const waiting = new Set(orderIds);
  const strikeOut = (): boolean => {
    const traces = tracesOfOrders(store.traces());
    for (const id of waiting) if (missingFrom(traces.get(id)).length === 0) waiting.delete(id);
    return waiting.size === 0;
  };
  if (strikeOut()) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(deadline);
      end();
      resolve();
    };
    const end = store.onArrival(() => {
      if (strikeOut()) done();
    });
    const deadline = setTimeout(done, timeoutMs);
  });
}
