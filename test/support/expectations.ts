import { type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import { expect } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';

export function expectChildOf(child: RecordedSpan, parent: RecordedSpan): void {
  expect(child).toBeChildOf(parent);
}

export function expectRoot(span: RecordedSpan): void {
  expect(span.parentSpanContext, `${span.name} is a root`).toBeUndefined();
}

/** Links exactly to these, in this order. */
export function expectLinkedTo(span: RecordedSpan, ...targets: readonly RecordedSpan[]): void {
  targets.forEach((target) => expect(span).toLinkTo(target));
  expect(
    span.links.map((link) => ids(link.context)),
    `links of ${span.name}`,
  ).toEqual(targets.map((target) => ids(target.spanContext())));
}

export function expectUnset(span: RecordedSpan): void {
  expect(span.status, `status of ${span.name}`).toEqual({ code: SpanStatusCode.UNSET });
}

/** Failed, with that `error.type` and that message. */
export function expectFailed(span: RecordedSpan, errorType: string, message: string): void {
  expect(span.status, `status of ${span.name}`).toEqual({ code: SpanStatusCode.ERROR, message });
  expect(span.attributes['error.type'], `error.type of ${span.name}`).toBe(errorType);
}

/** The messages of the exceptions that are recorded on a span. */
export function exceptionsOf(span: RecordedSpan): readonly unknown[] {
  return span.events
    .filter(({ name }) => name === 'exception')
    .map(({ attributes }) => attributes?.['exception.message']);
}

function ids({ traceId, spanId }: SpanContext): { readonly traceId: string; readonly spanId: string } {
  return { traceId, spanId };
}
