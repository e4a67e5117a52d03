import { type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect } from 'vitest';

export function expectChildOf(child: ReadableSpan, parent: ReadableSpan): void {
  const { traceId, spanId } = parent.spanContext();
  const is = { traceId: child.spanContext().traceId, parent: child.parentSpanContext?.spanId };
  expect(is, `${child.name} is a child of ${parent.name}`).toEqual({ traceId, parent: spanId });
}

export function expectRoot(span: ReadableSpan): void {
  expect(span.parentSpanContext, `${span.name} is a root`).toBeUndefined();
}

/** Links exactly to these, in this order. */
export function expectLinkedTo(span: ReadableSpan, ...targets: readonly ReadableSpan[]): void {
  expect(
    span.links.map((link) => ids(link.context)),
    `links of ${span.name}`,
  ).toEqual(targets.map((target) => ids(target.spanContext())));
}

export function expectUnset(span: ReadableSpan): void {
  expect(span.status, `status of ${span.name}`).toEqual({ code: SpanStatusCode.UNSET });
}

/** Failed, and with one exception recorded where `exception` is given. */
export function expectFailed(span: ReadableSpan, errorType: string, message: string): void {
  expect(span.status, `status of ${span.name}`).toEqual({ code: SpanStatusCode.ERROR, message });
  expect(span.attributes['error.type'], `error.type of ${span.name}`).toBe(errorType);
}

/** The messages of the exceptions that are recorded on a span. */
export function exceptionsOf(span: ReadableSpan): readonly unknown[] {
  return span.events
    .filter(({ name }) => name === 'exception')
    .map(({ attributes }) => attributes?.['exception.message']);
}

function ids({ traceId, spanId }: SpanContext): { readonly traceId: string; readonly spanId: string } {
  return { traceId, spanId };
}
