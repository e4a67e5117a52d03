import type { SpanContext } from '@opentelemetry/api';
import { headerText, isCarrier } from './kafka-headers.js';
import { isValidSpanContext } from './span-context-validity.js';

/** The header in which a dead letter keeps the creation context that its message had first, as a traceparent. */
export const ORIGINAL_TRACEPARENT = 'x-original-traceparent';

/**
 * The creation context that a message had before it became a dead letter or a retry; `undefined` for others.
 *
 * @internal
 */
export function originalCreationContext(headers: unknown): SpanContext | undefined {
  if (!isCarrier(headers) || !Object.hasOwn(headers, ORIGINAL_TRACEPARENT)) {
    return undefined;
  }
  const value = headers[ORIGINAL_TRACEPARENT];
  return parseTraceparent(headerText(Array.isArray(value) ? value.at(-1) : value));
}

/** @internal */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) {
    return undefined;
  }
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isValidSpanContext(spanContext) ? spanContext : undefined;
}
