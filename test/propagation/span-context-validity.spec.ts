import { type SpanContext, isSpanContextValid } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isValidSpanContext, isValidSpanId } from '../../lib/propagation/span-context-validity.js';

const digit = fc.constantFrom(...'0123456789abcdefABCDEF'.split(''));
const almostDigit = fc.constantFrom(
  '/',
  ':',
  '@',
  'G',
  '`',
  'g',
  '-',
  '\u0000',
  '\u0130',
  '\uFF10',
  '\uD835',
);
const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: digit, minLength: length, maxLength: length });
const zeros = (length: number): fc.Arbitrary<string> => fc.constant('0'.repeat(length));
const withOneWrong = (length: number): fc.Arbitrary<string> =>
  fc
    .tuple(digits(length), fc.nat(length - 1), almostDigit)
    .map(([id, at, wrong]) => id.slice(0, at) + wrong + id.slice(at + 1));
const withOneDigit = (length: number): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(length - 1), digit).map(([at, one]) => '0'.repeat(at) + one + '0'.repeat(length - 1 - at));
const id = (length: number): fc.Arbitrary<string> =>
  fc.oneof(
    digits(length),
    withOneDigit(length),
    withOneWrong(length),
    zeros(length),
    digits(length - 1),
    digits(length + 1),
    fc.string(),
    fc.constantFrom(undefined, null, 0, [], {}).map((other) => other as unknown as string),
  );
const spanContext: fc.Arbitrary<SpanContext> = fc.record({
  traceId: id(32),
  spanId: id(16),
  traceFlags: fc.constant(1),
});

describe('whether a span context is valid', () => {
  it('is what the API says', () => {
    fc.assert(
      fc.property(spanContext, (candidate) => {
        expect(isValidSpanContext(candidate)).toBe(isSpanContextValid(candidate));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is told of a span id by itself', () => {
    fc.assert(
      fc.property(id(16), (spanId) => {
        const traceId = '0af7651916cd43dd8448eb211c80319c';
        expect(isValidSpanId(spanId)).toBe(isSpanContextValid({ traceId, spanId, traceFlags: 1 }));
      }),
      { numRuns: 5_000 },
    );
  });
});
