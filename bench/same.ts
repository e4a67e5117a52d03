import { deepStrictEqual } from 'node:assert';
import { type Context, context } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { IHeaders } from 'kafkajs';
import { takeLastSent } from './idle-driver.js';
import type { Seen } from './sdk.js';
import type { Side } from './sides.js';
import type { Work } from './work.js';

/**
 * Makes sure that two sides say the same of a piece of work, in spans and in headers: otherwise their costs cannot be
 * compared.
 *
 * @throws AssertionError which shows where they differ
 */
export async function requireSame(
  work: Work,
  active: Context,
  [one, other]: readonly [Side, Side],
  seen: Seen,
): Promise<void> {
  const saidBy = async (side: Side): Promise<unknown> => {
    takeLastSent();
    const spans = await seen.during(() => context.with(active, () => work.call(side, 0)));
    const messages = takeLastSent()?.messages ?? [];
    return {
      spans: spans.map((span) => described(span, spans)),
      headers: messages.map(({ headers }) => carried(headers, spans)),
    };
  };
  deepStrictEqual(await saidBy(other), await saidBy(one), `of ${work.name} the sides say something else`);
}

/** The headers, with the number of the span that they carry; one that is not recorded has none. */
function carried(headers: IHeaders = {}, all: readonly ReadableSpan[]): unknown {
  const { traceparent, ...others } = headers;
  const [version, traceId, spanId, flags] = String(traceparent).split('-');
  const span = all.findIndex((one) => one.spanContext().spanId === spanId);
  return { others, traceparent: traceparent && [version, traceId, span, flags] };
}

/** Everything but what differs by nature: ids, times, and who says it. A span of the same piece of work is called by its number. */
function described(span: ReadableSpan, all: readonly ReadableSpan[]): unknown {
  const named = (spanId: string | undefined): unknown => {
    const number = all.findIndex((one) => one.spanContext().spanId === spanId);
    return number < 0 ? spanId : number;
  };
  const { name, kind, attributes, links, status, events, parentSpanContext } = span;
  return {
    name,
    kind,
    status,
    events,
    attributes: Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
    links: links.map((link) => [named(link.context.spanId), link.attributes]),
    parent: named(parentSpanContext?.spanId),
  };
}
