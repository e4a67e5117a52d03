import { LEGEND, renderTrace, showsColor, type Trace, type TraceStore } from '../trace-viewer/index.js';
import { ORDER_EVENTS_DEAD_LETTERS } from '../contracts/order-events.js';
import { missingFrom, tracesOfOrders, withJoined } from './order-trace.js';
import type { PlacedOrder } from './place-orders.js';

export interface Report {
  readonly whole: boolean;
  /** For stdout. */
  readonly output: string;
  /** The last line of it, in words: how many are whole. */
  readonly summary: string;
  /** For stderr: what is missing, a line for each order that misses something. */
  readonly complaints: readonly string[];
}

interface OrderWithTrace extends PlacedOrder {
  /** Where it all began, and what links join to it. */
  readonly traces: readonly Trace[];
  readonly missing: readonly string[];
}

export function reportOn(store: TraceStore, placed: readonly PlacedOrder[], json: boolean): Report {
  const traces = tracesOfOrders(store.traces());
  const orders = placed.map((order): OrderWithTrace => {
    const trace = traces.get(order.id);
    const joined = trace ? withJoined(trace, store) : [];
    return { ...order, traces: joined, missing: missingFrom(joined, order.expected) };
  });
  const lacking = orders.filter(({ missing }) => missing.length > 0);
  return {
    whole: lacking.length === 0,
    output: json ? spansAsJson(orders) : trees(orders, store),
    summary: summaryOf(orders),
    complaints: lacking.map(
      ({ title, id, missing }) =>
        `The trace of ${title} (${id}) is not whole. Missing: ${missing.join('; ')}.`,
    ),
  };
}

function trees(orders: readonly OrderWithTrace[], store: TraceStore): string {
  const options = { color: showsColor(process.stdout), find: store.span.bind(store) };
  const each = orders.map(
    ({ title, id, traces }) =>
      `${title}: ${id}\n${traces.map((trace) => renderTrace(trace, options)).join('\n') || 'no trace'}\n`,
  );
  return [...each, LEGEND, '', summaryOf(orders)].join('\n');
}

function summaryOf(all: readonly OrderWithTrace[]): string {
  const plain = all.filter(({ isPlain }) => isPlain);
  const further = all.filter(({ isPlain }) => !isPlain);
  const lacking = further.filter((order) => !isWhole(order));
  const rest =
    lacking.length === 0
      ? `and so have ${listOf(further)}, which ended in ${ORDER_EVENTS_DEAD_LETTERS}`
      : `but not so ${listOf(lacking)}`;
  return `${plain.filter(isWhole).length} of ${plain.length} orders have a whole trace, ${rest}.`;
}

function isWhole({ missing }: OrderWithTrace): boolean {
  return missing.length === 0;
}

function listOf(orders: readonly OrderWithTrace[]): string {
  return new Intl.ListFormat('en').format(orders.map(({ title }) => `the ${title}`));
}

function spansAsJson(orders: readonly OrderWithTrace[]): string {
  const spans = orders.flatMap(({ traces }) => traces.flatMap((trace) => trace.spans));
  // JSON has no 64-bit integers: as in OTLP, they are written as strings.
  return JSON.stringify(
    spans,
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    2,
  );
}
