import type { SpanContext } from '@opentelemetry/api';

const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;

const NO_DIGIT = 16;

/** What the hexadecimal digits are worth, by their character codes. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = String.fromCharCode(code);
  return /[\da-f]/i.test(digit) ? Number.parseInt(digit, 16) : NO_DIGIT;
});

/**
 * Whether a span context has both ids, as the API's `isSpanContextValid` says: that one also compares them with ids that are
 * all zeros, which takes as long as all the rest, and it would be asked twice for each message.
 *
 * @see https://www.w3.org/TR/trace-context/#trace-id
 * @internal
 */
export function isValidSpanContext({ traceId, spanId }: SpanContext): boolean {
  return isId(traceId, TRACE_ID_LENGTH) && isValidSpanId(spanId);
}

/** @internal */
export function isValidSpanId(spanId: unknown): boolean {
  return isId(spanId, SPAN_ID_LENGTH);
}

/** Digits, and not only zeros. It may be of any type: of other versions of the API, and of other SDKs. */
function isId(id: unknown, length: number): boolean {
  if (typeof id !== 'string' || id.length !== length) {
    return false;
  }
  let all = 0;
  for (let index = 0; index < length; index += 1) {
    all |= DIGITS[id.charCodeAt(index)] ?? NO_DIGIT;
  }
  return all > 0 && all < NO_DIGIT;
}
