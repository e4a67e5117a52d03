import { LEGEND, renderTrace, showsColor, type TraceStore } from '../trace-viewer/index.js';
import { missingFrom, tracesOfOrders } from './order-trace.js';

export interface Report {
  readonly whole: boolean;
  /** For stdout. */
  readonly output: string;
  /** For stderr: what is missing, a line for each order that misses something. */
  readonly complaints: readonly string[];
}

export function reportOn(store: TraceStore, orderIds: readonly string[], json: boolean): Report {
  const traces = tracesOfOrders(store.traces());
  const complaints = orderIds.flatMap((id) => {
    const missing = missingFrom(traces.get(id));
    return missing.length === 0
      ? []
      : [`The trace of order ${id} is not whole. Missing: ${missing.join('; ')}.`];
  });
  return {
    whole: complaints.length === 0,
    output: json ? spansAsJson(store, orderIds) : trees(store, orderIds),
    complaints,
  };
}

function trees(store: TraceStore, orderIds: readonly string[]): string {
  const traces = tracesOfOrders(store.traces());
  const options = { color: showsColor(process.stdout), find: store.span.bind(store) };
  const each = orderIds.map((id, index) => {
    const trace = traces.get(id);
    return `order ${index + 1}: ${id}\n${trace ? renderTrace(trace, options) : 'no trace'}\n`;
  });
  const whole = orderIds.filter((id) => missingFrom(traces.get(id)).length === 0).length;
  return [...each, LEGEND, '', `${whole} of ${orderIds.length} orders have a whole trace.`].join('\n');
}

function spansAsJson(store: TraceStore, orderIds: readonly string[]): string {
  const traces = tracesOfOrders(store.traces());
  const spans = orderIds.flatMap((id) => traces.get(id)?.spans ?? []);
  // JSON has no 64-bit integers: as in OTLP, they are written as strings.
  return JSON.stringify(
    spans,
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    2,
  );
}
