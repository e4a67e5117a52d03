import type { Span, Trace } from './span.js';
import type { TraceStore } from './trace-store.js';

export interface JoinLimits {
  /** @default 50 */
  readonly maxTraces?: number;
  /** @default 5000 */
  readonly maxSpans?: number;
}

/** A trace with those that are joined to it by links, in either direction, over any number of steps. */
export interface JoinedTraces {
  /** The one that was asked for first, then the nearest. */
  readonly traces: readonly Trace[];
  readonly omittedTraces: number;
  readonly omittedSpans: number;
}

/** Undefined where the trace is not held. Past a limit the traces that are further away are left out, but counted. */
export function joinedTraces(
  store: TraceStore,
  traceId: string,
  { maxTraces = 50, maxSpans = 5000 }: JoinLimits = {},
): JoinedTraces | undefined {
  if (!store.trace(traceId)) return undefined;
  const known = new Set([traceId]);
  const traces: Trace[] = [];
  let room = maxSpans;
  let omittedSpans = 0;
  // A set may grow while it is iterated over: what is found is looked at in turn, the nearest first.
  for (const id of known) {
    const trace = store.trace(id);
    if (!trace) continue;
    if (traces.length === maxTraces || room === 0) {
      omittedSpans += trace.spans.length;
      continue;
    }
    const spans = trace.spans.slice(0, room);
    omittedSpans += trace.spans.length - spans.length;
    room -= spans.length;
    traces.push({ ...trace, spans });
    for (const neighbour of neighboursOf(store, trace.spans)) known.add(neighbour);
  }
  return { traces, omittedTraces: known.size - traces.length, omittedSpans };
}

/** The held traces that spans of a trace link to, and those from which somebody links to them. */
export function neighboursOf(store: TraceStore, spans: readonly Span[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const span of spans) {
    for (const link of span.links) {
      if (link.traceId !== span.traceId && store.span(link)) found.add(link.traceId);
    }
    for (const source of store.spansLinkingTo(span)) {
      if (source.traceId !== span.traceId) found.add(source.traceId);
    }
  }
  return found;
}
