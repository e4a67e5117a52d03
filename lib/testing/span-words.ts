import { type SpanContext, SpanKind } from '@opentelemetry/api';
import type { RecordedSpan } from './recorded-span.js';

/**
 * A span, or no more than its ids: of a span that another process made, say.
 *
 * @experimental
 * @publicApi
 */
export type SpanOrContext = RecordedSpan | SpanContext;

/** @internal */
export function isSpan(value: unknown): value is RecordedSpan {
  const { name, spanContext, links, attributes } = fieldsOf(value);
  return (
    typeof name === 'string' &&
    typeof spanContext === 'function' &&
    Array.isArray(links) &&
    typeof attributes === 'object'
  );
}

/** @internal */
export function isSpanContext(value: unknown): value is SpanContext {
  const { traceId, spanId } = fieldsOf(value);
  return typeof traceId === 'string' && typeof spanId === 'string';
}

/** @internal */
export function idsOf(span: SpanOrContext): SpanContext {
  return isSpan(span) ? span.spanContext() : span;
}

/** @internal */
export function isSame(one: SpanContext | undefined, other: SpanContext): boolean {
  return one?.traceId === other.traceId && one.spanId === other.spanId;
}

/** @internal `send orders` in backticks, or what stands for a span without a name. */
export function nameOf(span: SpanOrContext): string {
  return isSpan(span) ? `\`${span.name}\`` : 'the given span context';
}

/** @internal */
export function place({ traceId, spanId }: SpanContext): string {
  return `trace ${traceId}, span ${spanId}`;
}

/** @internal */
export function kindOf(span: RecordedSpan): string {
  return SpanKind[span.kind] ?? String(span.kind);
}

/**
 * Both spans, one below the other, and how the received one stands in its trace.
 *
 * @internal
 */
export function account(received: RecordedSpan, given: SpanOrContext): string {
  const known = idsOf(given);
  const marked = (context: SpanContext): string =>
    isSame(context, known) ? `${place(context)} (${nameOf(given)})` : place(context);
  const parent = received.parentSpanContext;
  const links = received.links.map((link) => marked(link.context));
  return [
    `given:    ${line(given)}`,
    `received: ${line(received)}`,
    `  parent: ${parent === undefined ? 'none, it is a root' : marked(parent)}`,
    `  links:  ${links.length === 0 ? 'none' : links.join('\n          ')}`,
  ].join('\n');
}

function line(span: SpanOrContext): string {
  return isSpan(span) ? `${nameOf(span)} ${kindOf(span)}, ${place(idsOf(span))}` : place(span);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
