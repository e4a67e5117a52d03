import { isSameSpan, type Span, type SpanReference } from './span.js';

export type FindSpan = (reference: SpanReference) => Span | undefined;

/** Why a span stands where it stands: below its parent, below a span that it only links to, or at the top. */
export type PlacedBy = 'parent' | 'link' | 'root';

export interface PlacedSpan {
  readonly span: Span;
  readonly depth: number;
  readonly placedBy: PlacedBy;
  /** Its parent is not here: not arrived, not sampled, or lost. */
  readonly orphan: boolean;
  readonly hasChildren: boolean;
  /** Whether it, and each span above it from the top down, is the last one below its own parent. */
  readonly isLast: boolean;
}

interface Place {
  readonly placedBy: PlacedBy;
  readonly above: Span | undefined;
}

/**
 * Spans of one or of several traces, top down, depth first, each below its parent. With `joinLinks` what has no parent here
 * stands below the first span that it links to.
 */
export function placeSpans(spans: readonly Span[], { joinLinks = false } = {}): readonly PlacedSpan[] {
  const find = finderOf(spans);
  const places = new Map(spans.map((span) => [span, placeOf(span, find, joinLinks)]));
  const children = new Map<Span | undefined, Span[]>();
  for (const [span, { above }] of places) {
    const siblings = children.get(above);
    if (siblings) siblings.push(span);
    else children.set(above, [span]);
  }
  const roots = children.get(undefined) ?? [];
  const shown = new Set<Span>();
  // What is left after the roots are rings, spans that are their own ancestors. Only a faulty sender makes them; each is cut
  // open at its earliest span.
  return [...roots, ...spans].flatMap((top) => placedFrom(top, { places, children, shown }));
}

export function finderOf(spans: readonly Span[]): FindSpan {
  const byKey = new Map(spans.map((span) => [keyOf(span), span]));
  return (reference) => byKey.get(keyOf(reference));
}

function placeOf(span: Span, find: FindSpan, joinLinks: boolean): Place {
  const { traceId, parentSpanId } = span;
  const parent = parentSpanId === undefined ? undefined : find({ traceId, spanId: parentSpanId });
  if (parent) return { placedBy: 'parent', above: parent };
  const target = joinLinks ? span.links.map(find).find((one) => one && !isSameSpan(one, span)) : undefined;
  return target ? { placedBy: 'link', above: target } : { placedBy: 'root', above: undefined };
}

interface Placing {
  readonly places: ReadonlyMap<Span, Place>;
  readonly children: ReadonlyMap<Span | undefined, readonly Span[]>;
  readonly shown: Set<Span>;
}

/** With a stack of its own: a chain of thousands of spans must not overflow JavaScript's. */
function placedFrom(top: Span, { places, children, shown }: Placing): readonly PlacedSpan[] {
  const placed: PlacedSpan[] = [];
  const waiting = [{ span: top, depth: 0, isLast: true }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, depth, isLast } = next;
    if (shown.has(span)) continue;
    shown.add(span);
    const below = (children.get(span) ?? []).filter((child) => !shown.has(child));
    const placedBy = depth === 0 ? 'root' : (places.get(span)?.placedBy ?? 'root');
    const orphan = span.parentSpanId !== undefined && placedBy !== 'parent';
    placed.push({ span, depth, placedBy, orphan, hasChildren: below.length > 0, isLast });
    const last = below.at(-1);
    for (const child of below.toReversed()) {
      waiting.push({ span: child, depth: depth + 1, isLast: child === last });
    }
  }
  return placed;
}

function keyOf({ traceId, spanId }: SpanReference): string {
  return `${traceId}:${spanId}`;
}
