import type { Trace } from '../trace-viewer/index.js';
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

/**
 * What a trace lacks to be whole, in words; empty when nothing. A name may occur twice, as after a redelivery:
 * one span that has everything is enough.
 */
export function missingFrom(trace: Trace | undefined, expected: ExpectedTrace): readonly string[] {
  if (!trace) return ['every span: none carries the id of this order'];
  const matched: MatchedSpans = new Map();
  const missing: string[] = [];
  for (const one of expected) {
    let candidates = trace.spans.filter((span) => isOf(one, span));
    if (candidates.length === 0) missing.push(`the ${one.kind} span ${nameOf(one)} of ${one.service}`);
    for (const { what, fits } of candidates.length === 0 ? [] : requirementsOf(one, matched)) {
      const fitting = candidates.filter(fits);
      if (fitting.length === 0) missing.push(what);
      else candidates = fitting;
    }
    matched.set(one, candidates);
  }
  return missing;
}
