import { byStart, isSameSpan, type Span, type SpanReference } from './span.js';

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
  readonly orphan: boolean;
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
  for (const siblings of children.values()) siblings.sort(byStart);
  const shown = new Set<Span>();
  const placing = { places, children, shown };
  const belowRoots = (children.get(undefined) ?? []).flatMap((root) => placedFrom(root, placing));
  const belowRings = spans.flatMap((span) =>
    shown.has(span) ? [] : placedFrom(topOfRing(span, places), placing),
  );
  return [...belowRoots, ...belowRings];
}

export function finderOf(spans: readonly Span[]): FindSpan {
  const byKey = new Map(spans.map((span) => [keyOf(span), span]));
  return (reference) => byKey.get(keyOf(reference));
}

function placeOf(span: Span, find: FindSpan, joinLinks: boolean): Place {
  const { traceId, parentSpanId } = span;
  const parent = parentSpanId === undefined ? undefined : find({ traceId, spanId: parentSpanId });
  if (parent) return { placedBy: 'parent', above: parent, orphan: false };
  const orphan = parentSpanId !== undefined;
  const target = joinLinks ? span.links.map(find).find((one) => one && !isSameSpan(one, span)) : undefined;
  return { placedBy: target ? 'link' : 'root', above: target, orphan };
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
    const place = places.get(span);
    const placedBy = depth === 0 ? 'root' : (place?.placedBy ?? 'root');
    const orphan = place?.orphan ?? false;
    placed.push({ span, depth, placedBy, orphan, hasChildren: below.length > 0, isLast });
    const last = below.at(-1);
    for (const child of below.toReversed()) {
      waiting.push({ span: child, depth: depth + 1, isLast: child === last });
    }
  }
  return placed;
}

/**
 * Where to cut open the ring that leads to a span without a root. Traces that link to each other make one, and are cut at a link;
 * spans that are their own ancestors are a faulty sender's. Of several places the earliest span's.
 */
function topOfRing(span: Span, places: ReadonlyMap<Span, Place>): Span {
  const path = new Set<Span>();
  let above: Span | undefined = span;
  for (; above && !path.has(above); above = places.get(above)?.above) path.add(above);
  const way = [...path];
  const ring = above ? way.slice(way.indexOf(above)) : way;
  const linked = ring.filter((one) => places.get(one)?.placedBy === 'link');
  return (linked.length > 0 ? linked : ring).toSorted(byStart)[0] ?? span;
}

function keyOf({ traceId, spanId }: SpanReference): string {
  return `${traceId}:${spanId}`;
}
