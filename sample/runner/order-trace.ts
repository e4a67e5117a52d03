import { joinedTraces, type Trace, type TraceStore } from '../trace-viewer/index.js';
import { type ExpectedTrace, isOf, type MatchedSpans, nameOf } from './expected-span.js';
import { requirementsOf } from './span-requirements.js';

/** Each order's trace: the first one that has a span with its `order.id`. */
export function tracesOfOrders(traces: readonly Trace[]): ReadonlyMap<string, Trace> {
  const found = new Map<string, Trace>();
  for (const trace of traces) {
    for (const { attributes } of trace.spans) {
      const id = attributes['order.id'];
      if (typeof id === 'string' && !found.has(id)) found.set(id, trace);
    }
  }
  return found;
}

/** A trace with those that links join to it, the one where it all began first. */
export function withJoined(trace: Trace, store: TraceStore): readonly Trace[] {
  const traces = joinedTraces(store, trace.traceId)?.traces ?? [trace];
  return traces.toSorted((one, other) => (startOf(one) < startOf(other) ? -1 : 1));
}

/**
 * What the traces of an order lack to be whole, in words; empty when nothing. A name may occur more often than it has to, as
 * after a redelivery: as many as it has to are enough, if they have everything.
 */
export function missingFrom(traces: readonly Trace[], expected: ExpectedTrace): readonly string[] {
  if (traces.length === 0) return ['every span: none carries the id of this order'];
  const spans = traces.flatMap((trace) => trace.spans);
  const matched: MatchedSpans = new Map();
  const missing: string[] = [];
  for (const one of expected) {
    const { times = 1, kind, service } = one;
    let candidates = spans.filter((span) => isOf(one, span));
    const found = candidates.length;
    if (found < times) {
      const howMany = times > 1 ? `${times - found} of ${times} times ` : '';
      missing.push(`${howMany}the ${kind} span ${nameOf(one)} of ${service}`);
    }
    for (const { what, fits } of found === 0 ? [] : requirementsOf(one, matched)) {
      const fitting = candidates.filter(fits);
      if (fitting.length < Math.min(times, found)) missing.push(what);
      else candidates = fitting;
    }
    matched.set(one, candidates);
  }
  return missing;
}

function startOf({ spans }: Trace): bigint {
  return spans[0]?.startUnixNano ?? 0n;
}
