import type { TraceStore } from '../trace-viewer/index.js';
import { missingFrom, tracesOfOrders, withJoined } from './order-trace.js';
import type { PlacedOrder } from './place-orders.js';

/** Waits until the trace of every order is whole, or until `timeoutMs` is over. */
export async function untilWhole(
  store: TraceStore,
  orders: readonly PlacedOrder[],
  timeoutMs: number,
): Promise<void> {
  const waiting = new Set(orders);
  const strikeOut = (): boolean => {
    const traces = tracesOfOrders(store.traces());
    for (const order of waiting) {
      const trace = traces.get(order.id);
      if (trace && missingFrom(withJoined(trace, store), order.expected).length === 0) waiting.delete(order);
    }
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
