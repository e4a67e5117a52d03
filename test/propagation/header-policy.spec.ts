import { ROOT_CONTEXT, type TextMapPropagator, propagation } from '@opentelemetry/api';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  headersWith,
  headersWithContext,
  presetCreationContext,
} from '../../lib/propagation/header-policy.js';
import { headersWithOneSpanContext } from '../../lib/propagation/repeated-headers.js';
import { contextOf, remoteSpan, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';
import { handlingOf } from '../support/received.js';

const NO_HEADERS: [what: string, value: unknown][] = [
  ['an array', [Buffer.from('x')]],
  ['a string', 'traceparent'],
  ['a number', 7],
  ['a boolean', false],
];

describe('headersWithContext', () => {
  useTracing();

  it.each<[what: string, headers: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['headers', { a: 'b' }],
    ['headers with a stale traceparent', { TRACEPARENT: 'garbage' }],
    ...NO_HEADERS,
  ])('returns %s as it came where there is nothing to write', (_what, headers) => {
    expect(headersWithContext(headers, ROOT_CONTEXT)).toBe(headers);
  });

  it.each(NO_HEADERS)('returns %s as it came where there is something to write', (_what, headers) => {
    expect(headersWithContext(headers, contextOf(1))).toBe(headers);
  });

  it.each([undefined, null, {}])('writes into new headers where there are none: %s', (headers) => {
    expect(headersWithContext(headers, contextOf(1))).toEqual({ traceparent: traceparent(1) });
  });

  it('copies, and keeps every other header and what it is', () => {
    const binary = Buffer.from([0xff]);
    const list = ['a', 'b'];
    const headers = Object.freeze({ binary, list, __proto__: null, ['constructor']: 'c' });
    const written = headersWithContext(headers, contextOf(1)) as Record<string, unknown>;
    expect(written).not.toBe(headers);
    expect(written['binary']).toBe(binary);
    expect(written['list']).toBe(list);
    expect(Object.keys(written)).toEqual(['binary', 'list', 'constructor', 'traceparent']);
    expect(Object.keys(headers)).toEqual(['binary', 'list', 'constructor']);
  });

  it.each([
    ['one named __proto__', JSON.parse('{"__proto__":"p","a":"b"}') as Record<string, unknown>],
    ['a hundred', Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`header-${index}`, 'v']))],
    ['none', {}],
  ])('copies headers of which there is, or are, %s', (_what, headers) => {
    const written = headersWithContext(headers, contextOf(1)) as Record<string, unknown>;
    expect(Object.entries(written)).toEqual([...Object.entries(headers), ['traceparent', traceparent(1)]]);
    expect(Object.getPrototypeOf(written)).toBe(Object.prototype);
  });

  it('copies a header that cannot be assigned, as where `Object.prototype` is frozen', () => {
    const inherited = Object.prototype;
    const present = Object.getOwnPropertyDescriptor(inherited, 'constructor') as PropertyDescriptor;
    const headers = JSON.parse('{"constructor":"c"}') as Record<string, unknown>;
    Object.defineProperty(inherited, 'constructor', { ...present, writable: false });
    try {
      const written = headersWithContext(headers, contextOf(1)) as Record<string, unknown>;
      expect(Object.entries(written)).toEqual([
        ['constructor', 'c'],
        ['traceparent', traceparent(1)],
      ]);
    } finally {
      Object.defineProperty(inherited, 'constructor', present);
    }
  });

  it('replaces a stale span context in every letter case, its baggage and state with it', () => {
    const stale = {
      Traceparent: 'x',
      TRACEPARENT: [traceparent(3)],
      TraceState: 'a=1',
      Baggage: 'old=1',
      kept: 'k',
    };
    expect(headersWithContext(stale, contextOf(1))).toEqual({ kept: 'k', traceparent: traceparent(1) });
  });

  it('keeps a lone baggage, and replaces it where the context has baggage', () => {
    const headers = { Baggage: Buffer.from('own=1') };
    expect(headersWithContext(headers, contextOf(1))).toEqual({ ...headers, traceparent: traceparent(1) });
    expect(headersWithContext(headers, contextOf(1, { tenant: 'blue' }))).toEqual({
      traceparent: traceparent(1),
      baggage: 'tenant=blue',
    });
  });

  it('never puts out two traceparents', () => {
    const names = fc.constantFrom(
      'traceparent',
      'Traceparent',
      'TRACEPARENT',
      'tracestate',
      'baggage',
      'other',
    );
    const values = fc.oneof(fc.string(), fc.constantFrom(traceparent(3), [traceparent(3), 'x'], null));
    fc.assert(
      fc.property(fc.dictionary(names, values), fc.boolean(), (headers, preserve) => {
        const kept = preserve && presetCreationContext(headers, ROOT_CONTEXT) !== undefined;
        const out = kept ? headersWithOneSpanContext(headers) : headersWithContext(headers, contextOf(1));
        const traceparents = Object.entries(out as object)
          .filter(([name]) => name.toLowerCase() === 'traceparent')
          .flatMap(([, value]) => value as unknown);
        expect(traceparents).toEqual([kept ? traceparent(3) : traceparent(1)]);
      }),
    );
  });
});

describe('headersWithContext with a propagator of the application', () => {
  useTracing({ propagator: false });

  it('ignores what is no string, which kafkajs would refuse', () => {
    const odd: TextMapPropagator = {
      inject: (_context, carrier, setter) => {
        setter.set(carrier, 'number', 7 as never);
        setter.set(carrier, 'null', null as never);
        setter.set(carrier, 'text', 't');
      },
      extract: (context) => context,
      fields: () => ['number', 'null', 'text'],
    };
    propagation.setGlobalPropagator(odd);
    expect(headersWithContext({ number: 'kept' }, contextOf(1))).toEqual({ text: 't' });
  });

  it('replaces all headers of B3, also those that it does not write this time', () => {
    propagation.setGlobalPropagator(new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }));
    const { traceId, spanId } = remoteSpan(1);
    expect(headersWithContext({ 'X-B3-TraceId': 'old', 'x-b3-flags': '1' }, contextOf(1))).toEqual({
      'x-b3-traceid': traceId,
      'x-b3-spanid': spanId,
      'x-b3-sampled': '1',
    });
  });
});

describe('presetCreationContext', () => {
  useTracing();

  it.each<[what: string, headers: unknown]>([
    ['no headers', undefined],
    ['other headers', { a: 'b' }],
    ['an invalid traceparent', { traceparent: 'garbage' }],
    ['a lone baggage', { baggage: 'a=1' }],
    ...NO_HEADERS,
  ])('finds none in %s', (_what, headers) => {
    expect(presetCreationContext(headers, ROOT_CONTEXT)).toBeUndefined();
  });

  it('finds the one that somebody set, in any letter case', () => {
    expect(presetCreationContext({ Traceparent: traceparent(1) }, ROOT_CONTEXT)).toEqual(remoteSpan(1));
  });

  it('takes an echo of the delivery for none, and what another message carries for one', () => {
    const handling = handlingOf([{ spanContext: remoteSpan(1) }]);
    expect(presetCreationContext({ traceparent: Buffer.from(traceparent(1)) }, handling)).toBeUndefined();
    expect(presetCreationContext({ traceparent: traceparent(2) }, handling)).toEqual(remoteSpan(2));
  });
});

describe('headersWithOneSpanContext', () => {
  useTracing();

  it.each<[what: string, headers: unknown]>([
    ['a string', { traceparent: traceparent(1), a: 'b' }],
    ['a Buffer', { traceparent: Buffer.from(traceparent(1)) }],
    ['another letter case', { TraceParent: traceparent(1) }],
    ['none', { a: 'b' }],
    ...NO_HEADERS,
  ])('returns the very same object where there is one: %s', (_what, headers) => {
    expect(headersWithOneSpanContext(headers)).toBe(headers);
  });

  it.each<[what: string, headers: Record<string, unknown>]>([
    ['an array', { traceparent: [traceparent(1), Buffer.from(traceparent(2)), 'x'] }],
    ['letter cases', { Traceparent: traceparent(1), traceparent: Buffer.from(traceparent(2)) }],
    ['a comma', { Traceparent: `${traceparent(1)},${traceparent(2)}` }],
  ])('keeps the last valid one of those repeated by %s, and nothing else changes', (_what, repeated) => {
    const headers = { ...repeated, a: 'b' };
    const before = structuredClone(headers);
    expect(headersWithOneSpanContext(headers)).toEqual({ a: 'b', traceparent: traceparent(2) });
    expect(Object.keys(headers)).toEqual(Object.keys(before));
  });
});

describe('headersWith', () => {
  it('adds a header to a copy, and keeps one that is there', () => {
    const headers = Object.freeze({ a: 'b' });
    expect(headersWith(headers, 'id', 'x')).toEqual({ a: 'b', id: 'x' });
    expect(headersWith(undefined, 'id', 'x')).toEqual({ id: 'x' });
    expect(headersWith(null, 'id', 'x')).toEqual({ id: 'x' });
    const taken = { id: Buffer.from('mine') };
    expect(headersWith(taken, 'id', 'x')).toBe(taken);
  });

  it.each(NO_HEADERS)('returns %s as it came', (_what, headers) => {
    expect(headersWith(headers, 'id', 'x')).toBe(headers);
  });
});
