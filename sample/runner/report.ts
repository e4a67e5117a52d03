import { LEGEND, renderTrace, showsColor, type Trace, type TraceStore } from '../trace-viewer/index.js';
import { ORDER_EVENTS_DEAD_LETTERS } from '../contracts/order-events.js';
import { missingFrom, tracesOfOrders } from './order-trace.js';
import type { PlacedOrder } from './place-orders.js';

export interface Report {
  readonly whole: boolean;
  /** For stdout. */
  readonly output: string;
  /** For stderr: what is missing, a line for each order that misses something. */
  readonly complaints: readonly string[];
}

interface OrderWithTrace extends PlacedOrder {
  readonly trace: Trace | undefined;
  readonly missing: readonly string[];
}

export function reportOn(store: TraceStore, placed: readonly PlacedOrder[], json: boolean): Report {
  const traces = tracesOfOrders(store.traces());
  const orders = placed.map((order): OrderWithTrace => {
    const trace = traces.get(order.id);
    return { ...order, trace, missing: missingFrom(trace, order.expected) };
  });
  const lacking = orders.filter(({ missing }) => missing.length > 0);
  return {
    whole: lacking.length === 0,
    output: json ? spansAsJson(orders) : trees(orders, store),
    complaints: lacking.map(
      ({ title, id, missing }) =>
        `The trace of ${title} (${id}) is not whole. Missing: ${missing.join('; ')}.`,
    ),
  };
}

function trees(orders: readonly OrderWithTrace[], store: TraceStore): string {
  const options = { color: showsColor(process.stdout), find: store.span.bind(store) };
  const each = orders.map(
    ({ title, id, trace }) => `${title}: ${id}\n${trace ? renderTrace(trace, options) : 'no trace'}\n`,
  );
  return [...each, LEGEND, '', summaryOf(orders)].join('\n');
}

function summaryOf(all: readonly OrderWithTrace[]): string {
  const orders = all.filter(({ isPoison }) => !isPoison);
  const whole = orders.filter(({ missing }) => missing.length === 0);
  const poisonIsWhole = all.every(({ isPoison, missing }) => !isPoison || missing.length === 0);
  const poison = poisonIsWhole
    ? `and so has the poison order, which ended in ${ORDER_EVENTS_DEAD_LETTERS}`
    : 'but the poison order has not';
  return `${whole.length} of ${orders.length} orders have a whole trace, ${poison}.`;
}

function spansAsJson(orders: readonly OrderWithTrace[]): string {
  const spans = orders.flatMap(({ trace }) => trace?.spans ?? []);
  // JSON has no 64-bit integers: as in OTLP, they are written as strings.
  return JSON.stringify(
    spans,
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    2,
  );
}
