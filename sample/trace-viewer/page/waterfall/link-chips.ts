import { element } from '../element.js';
import { plural, shortId } from '../format.js';
import type { LinkedSpan, WaterfallRow } from '../page-api.js';

/** The links of a span in its row, in both directions. Out of the tab order: the details list them all, and keys follow them. */
export function linkChips({ links, linkedFrom, traceId }: WaterfallRow): readonly Node[] {
  return [...chip('→', 'links to', links, traceId), ...chip('←', 'linked from', linkedFrom, traceId)];
}

/** What a click on something that names a span reads: where to go. */
export function goesTo({ traceId, spanId }: LinkedSpan): Readonly<Record<string, string>> {
  return { 'data-go-trace': traceId, 'data-go-span': spanId };
}

export function describe(span: LinkedSpan, fromTraceId: string): string {
  const name = span.name ?? `span ${shortId(span.spanId)}`;
  return span.traceId === fromTraceId ? name : `${name} in trace ${shortId(span.traceId)}`;
}

function chip(sign: string, words: string, spans: readonly LinkedSpan[], traceId: string): readonly Node[] {
  const first = spans.find(({ name }) => name !== undefined);
  if (!first) return [];
  const target = spans.length === 1 ? describe(first, traceId) : plural(spans.length, 'span');
  // One target is gone to; of several the details tell.
  const destination = spans.length === 1 ? goesTo(first) : { 'data-more-links': true };
  return [
    element(
      'button',
      {
        type: 'button',
        class: first.traceId === traceId ? 'chip' : 'chip elsewhere',
        tabindex: -1,
        'aria-label': `${words} ${target}`,
        title: `${words} ${target}`,
        ...destination,
      },
      spans.length === 1 ? sign : `${sign} ${spans.length}`,
    ),
  ];
}
