import { type Context, propagation, trace } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { extractCreationContext } from '../../lib/propagation/creation-context.js';
import { headersWithContext, presetCreationContext } from '../../lib/propagation/header-policy.js';
import { kafkaHeadersGetter, kafkaHeadersSetter } from '../../lib/propagation/kafka-headers.js';
import { propagationLimiter } from '../../lib/propagation/propagation-limiter.js';
import { headersWithOneSpanContext } from '../../lib/propagation/repeated-headers.js';
import { letterCasesOf, manyHeaders } from '../support/many-headers.js';
import { PROPAGATORS } from '../support/propagators.js';
import { type Headers, expectOneOfEach, expectSame, othersIn } from '../support/same-headers.js';
import { contextOf, remoteSpan, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const MEGABYTE = 1_048_576;

/** What somebody may send in a header: a megabyte of what is slow to read, to split, to decode or to copy. */
const VALUES: readonly (readonly [what: string, value: unknown])[] = [
  ['bytes', Buffer.alloc(MEGABYTE, 0xff)],
  ['text', full('x')],
  ['spaces', full(' ')],
  ['commas', full(',')],
  ['members', full('a=1,')],
  ['members that are none', full('a==,')],
  ['metadata', full('a=1;')],
  ['broken escapes', full('%=%,')],
  ['colons', full(':')],
  ['hexadecimal digits', full('a')],
  ['traceparents', full(`${traceparent(3)},`)],
  ['values', Array.from({ length: 50_000 }, () => Buffer.from('x'))],
  ['nothing', Array.from({ length: 50_000 }, () => Buffer.alloc(0))],
  ['JSON', Buffer.alloc(MEGABYTE / 4, 0x61).toJSON()],
];

/** Headers that make a megabyte together. */
const HEADERS: readonly (readonly [what: string, headers: Headers])[] = [
  ['headers', manyHeaders('x-', 4_096, full('x', 250))],
  ['entries of baggage', manyHeaders('uberctx-', 4_096, full('%41', 250))],
  ['letter cases of traceparent', letterCasesOf('traceparent', full(`${traceparent(3)},`, 500))],
  ['letter cases of x-b3-parentspanid', letterCasesOf('x-b3-parentspanid', full('b', 250), 4_096)],
  ['letter cases of uber-trace-id', letterCasesOf('uber-trace-id', full(':', 500))],
];

const LIMITS = { baggage: { allow: undefined, maxEntries: 64, maxBytes: 8_192 }, maxTracestateBytes: 512 };

describe.each(PROPAGATORS)('with $name, a megabyte of', ({ propagator, span, beside }) => {
  useTracing({ propagator: false });
  beforeEach(() => void propagation.setGlobalPropagator(propagator));

  const isContextHeader = (name: string): boolean => span.test(name) || beside.test(name);
  const limit = propagationLimiter(LIMITS, () => {});

  function expectHandled(headers: Headers): void {
    const written = headersWithContext(headers, contextOf(2, { tenant: 'blue' })) as Headers;
    expect(spanIdIn(extractCreationContext(written).context)).toBe(remoteSpan(2).spanId);
    expectOneOfEach(written, span);
    const kept = headersWithOneSpanContext(headers) as Headers;
    for (const out of [written, kept]) {
      expectSame(othersIn(out, isContextHeader), othersIn(headers, isContextHeader));
    }
    const { context, spanContext } = extractCreationContext(headers);
    expect(presetCreationContext(headers, contextOf(4))).toEqual(spanContext);
    expect(Buffer.byteLength(baggageHeaderOf(limit(context)))).toBeLessThanOrEqual(8_192);
  }

  it.each(VALUES)('%s in any header is read, and passes where it is none of its own', (_what, value) => {
    const sent = headersWithContext({}, contextOf(1, { tenant: 'red' })) as Headers;
    for (const name of [...Object.keys(sent), 'tracestate', 'x-other']) {
      expectHandled({ ...sent, [name]: value });
    }
  });

  it.each(HEADERS)('%s is read, and passes where it is none of its own', (_what, headers) => {
    const sent = headersWithContext({}, contextOf(1, { tenant: 'red' })) as Headers;
    expectHandled({ ...headers, ...sent });
    expect(extractCreationContext({ ...headers, ...sent }).spanContext?.spanId).toBe(remoteSpan(1).spanId);
  });
});

describe('a megabyte in one value', () => {
  it('says which span by the last whole value that is valid', () => {
    const headers = { traceparent: full(`${traceparent(3)},`) };
    expect(kafkaHeadersGetter.get(headers, 'traceparent')).toBe(traceparent(3));
  });

  it.each(['baggage', 'tracestate'])('is read as the whole members at the beginning of a %s', (name) => {
    const members = kafkaHeadersGetter.get({ [name]: full('a=1,') }, name);
    expect(members).toBe(full('a=1,', 16_383));
    expect(kafkaHeadersGetter.get({ [name]: full('a') }, name)).toBe('');
  });

  it.each([
    ['traceparent', `cc${traceparent(3).slice(2)}-${full('x')}`],
    ['traceparent', `${full('x')}${traceparent(3)}`],
    ['traceparent', `${traceparent(3)},${full('x')}`],
    ['b3', `${full('a')}-${remoteSpan(3).spanId}-1`],
    ['uber-trace-id', `${full('a')}:${remoteSpan(3).spanId}:0:01`],
  ])('says no span where it is the whole value of %s, and none where that is cut', (name, value) => {
    expect(kafkaHeadersGetter.get({ [name]: value }, name)).toBeUndefined();
  });
});

describe('twice as many headers', () => {
  useTracing({ propagator: false });

  it.each(PROPAGATORS)('are twice the work, with $name', ({ propagator }) => {
    propagation.setGlobalPropagator(propagator);
    const sent = headersWithContext({}, contextOf(1, { tenant: 'red' })) as Headers;
    for (const work of [
      extractCreationContext,
      (headers: Headers) => presetCreationContext(headers, contextOf(4)),
      (headers: Headers) => headersWithContext(headers, contextOf(2)),
      headersWithOneSpanContext,
    ]) {
      const [some, many] = [512, 1_024].map((count) => readsBy(work, { ...ofEachKind(count), ...sent }));
      expect(many).toBeLessThan(2.5 * (some ?? 0));
    }
  });
});

function ofEachKind(count: number): Headers {
  return {
    ...manyHeaders('x-', count),
    ...manyHeaders('uberctx-', count),
    ...letterCasesOf('traceparent', traceparent(3), count),
    ...letterCasesOf('x-b3-parentspanid', 'b', count),
    ...letterCasesOf('uber-trace-id', ':', count),
  };
}

/** How often the work looks at a header of these. */
function readsBy(work: (headers: Headers) => unknown, headers: Headers): number {
  let reads = 0;
  const count = <T>(result: T): T => {
    reads += 1;
    return result;
  };
  work(
    new Proxy(headers, {
      get: (target, name) => count(Reflect.get(target, name)),
      getOwnPropertyDescriptor: (target, name) => count(Reflect.getOwnPropertyDescriptor(target, name)),
    }),
  );
  return reads;
}

function full(text: string, length = MEGABYTE): string {
  return text.repeat(Math.ceil(length / text.length)).slice(0, length);
}

function spanIdIn(context: Context): string | undefined {
  return trace.getSpanContext(context)?.spanId;
}

/** What the W3C propagator writes of a baggage. */
function baggageHeaderOf(context: Context): string {
  const headers: Record<string, string> = {};
  new W3CBaggagePropagator().inject(context, headers, kafkaHeadersSetter);
  return headers['baggage'] ?? '';
}
