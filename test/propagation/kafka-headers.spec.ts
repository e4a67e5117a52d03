import 'reflect-metadata';
import { KafkaParser } from '@nestjs/microservices/helpers/kafka-parser.js';
import { ROOT_CONTEXT, type TextMapPropagator, propagation, trace } from '@opentelemetry/api';
import { W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kafkaHeadersGetter, kafkaHeadersSetter } from '../../lib/propagation/kafka-headers.js';
import { contextOf, remoteSpan, traceparent } from '../support/trace-context.js';

const ONE = traceparent(1);
const TWO = traceparent(2);
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const parsedByNest = (headers: Record<string, unknown>): Record<string, unknown> =>
  new KafkaParser().parse<{ headers: Record<string, unknown> }>({ headers }).headers;

const onTheWire = (headers: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value as string)]));

describe('kafkaHeadersGetter', () => {
  it.each<[shape: string, headers: unknown, value: string | undefined]>([
    ['a string', { traceparent: ONE }, ONE],
    ['a Buffer', { traceparent: Buffer.from(ONE) }, ONE],
    ['a Uint8Array', { traceparent: new TextEncoder().encode(ONE) }, ONE],
    [
      'a part of a larger Uint8Array',
      { traceparent: new TextEncoder().encode(`xx${ONE}xx`).subarray(2, -2) },
      ONE,
    ],
    ['an array of Buffers', { traceparent: [Buffer.from(ONE), Buffer.from(TWO)] }, TWO],
    ['an array that ends with an invalid one', { traceparent: [ONE, 'garbage', null] }, ONE],
    ['an array that ends with an overlong one of version 00', { traceparent: [ONE, `${TWO}-x`] }, ONE],
    [
      'a later version with more fields',
      { traceparent: [ONE, `cc${TWO.slice(2)}-x`] },
      `cc${TWO.slice(2)}-x`,
    ],
    ['the forbidden version ff', { traceparent: [ONE, `ff${TWO.slice(2)}`] }, ONE],
    ['all zeros', { traceparent: [ONE, `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`] }, ONE],
    ['an empty array', { traceparent: [] }, undefined],
    ['values joined with a comma', { traceparent: `${ONE},${TWO}` }, TWO],
    ['values joined with a comma and a space', { traceparent: `${ONE}, ${TWO}` }, TWO],
    ['a comma and nothing after it', { traceparent: `${ONE},` }, ONE],
    ['spaces around it', { traceparent: ` ${ONE} ` }, ONE],
    ['a Buffer that went through JSON', json({ traceparent: Buffer.from(ONE) }), ONE],
    ['Buffers that went through JSON', json({ traceparent: [Buffer.from(ONE), Buffer.from(TWO)] }), TWO],
    [
      'an object that only looks like such a Buffer',
      { traceparent: { type: 'Buffer', data: 'x' } },
      undefined,
    ],
    ['any other object', { traceparent: { a: 1 } }, undefined],
    ['null', { traceparent: null }, undefined],
    ['undefined', { traceparent: undefined }, undefined],
    ['a number', { traceparent: 1 }, undefined],
    ['an upper-case name', { TRACEPARENT: ONE }, ONE],
    ['several letter cases', { traceparent: ONE, TraceParent: TWO }, TWO],
    ['several letter cases, the last of them invalid', { traceparent: ONE, TraceParent: 'x' }, ONE],
    ['nothing valid', { traceparent: ['a', 'b'] }, 'b'],
    ['another header', { tracestate: 'a=1' }, undefined],
    ['a frozen carrier', Object.freeze({ traceparent: ONE }), ONE],
    [
      'a carrier without a prototype',
      Object.assign(Object.create(null) as object, { traceparent: ONE }),
      ONE,
    ],
    ['an inherited header', Object.create({ traceparent: ONE }), undefined],
    ['null for headers', null, undefined],
    ['undefined for headers', undefined, undefined],
    ['an array for headers', [ONE], undefined],
    ['a string for headers', ONE, undefined],
  ])('reads %s', (_shape, headers, value) => {
    expect(kafkaHeadersGetter.get(headers as Record<string, unknown>, 'traceparent')).toBe(value);
  });

  it.each(['__proto__', 'constructor', 'toString', '7'])(
    'reads and lists a header that is named %s',
    (name) => {
      const headers = Object.fromEntries([[name, 'v']]);
      expect(kafkaHeadersGetter.get(headers, name)).toBe('v');
      expect(kafkaHeadersGetter.keys(headers)).toEqual([name]);
      expect(kafkaHeadersGetter.get({}, name)).toBeUndefined();
    },
  );

  it.each(['tracestate', 'baggage', 'x-own'])('leaves white space around a %s to the propagator', (name) => {
    expect(kafkaHeadersGetter.get({ [name]: Buffer.from(' a=1 ') }, name)).toBe(' a=1 ');
  });

  it('takes a comma in any other header for a part of its value', () => {
    expect(kafkaHeadersGetter.get({ baggage: 'a=1,b=2' }, 'baggage')).toBe('a=1,b=2');
    expect(kafkaHeadersGetter.get({ baggage: ['a=1', 'a=2,b=2', ''] }, 'baggage')).toBe('a=2,b=2');
    expect(kafkaHeadersGetter.get({ baggage: ['', ''] }, 'baggage')).toBe('');
  });

  it.each<[carrier: string, headers: () => object]>([
    [
      'a throwing property',
      () => ({
        get traceparent() {
          throw new Error('hostile');
        },
      }),
    ],
    ['a Proxy that throws', () => hostileProxy()],
    ['a revoked Proxy', () => revokedProxy()],
    ['a value that is a Proxy that throws', () => ({ traceparent: hostileProxy() })],
    ['a value that is a revoked Proxy', () => ({ traceparent: revokedProxy() })],
  ])('finds nothing in %s, and does not throw', (_carrier, headers) => {
    expect(kafkaHeadersGetter.get(headers() as Record<string, unknown>, 'traceparent')).toBeUndefined();
    expect(kafkaHeadersGetter.keys(headers() as Record<string, unknown>)).toEqual(expect.any(Array));
  });

  it('reads through a Proxy that behaves', () => {
    expect(kafkaHeadersGetter.get(new Proxy({ traceparent: ONE }, {}), 'traceparent')).toBe(ONE);
  });

  it.each<[shape: string, wire: unknown, value: string | undefined]>([
    ['one Buffer', Buffer.from(ONE), ONE],
    ['a repeated header', [Buffer.from(ONE), Buffer.from(TWO)], TWO],
    ['a repeated header with an invalid end', [Buffer.from(ONE), Buffer.from('x')], ONE],
    ['a header that is JSON', Buffer.from('{"a":1}'), undefined],
    ['a header that is a Buffer as JSON', Buffer.from(JSON.stringify(Buffer.from(ONE))), ONE],
    ['a header that is a JSON array', Buffer.from(JSON.stringify([ONE, TWO])), TWO],
    ['a header that begins with a zero byte', Buffer.from([0, 1]), '\u0000\u0001'],
    ['null', null, undefined],
  ])("reads what Nest's own parser makes of %s", (_shape, wire, value) => {
    expect(kafkaHeadersGetter.get(parsedByNest({ traceparent: wire }), 'traceparent')).toBe(value);
  });

  it('never throws, whatever the shape', () => {
    fc.assert(
      fc.property(anyHeaders(), headerName(), (headers, name) => {
        const value = kafkaHeadersGetter.get(headers as Record<string, unknown>, name);
        expect(value === undefined || typeof value === 'string').toBe(true);
        expect(kafkaHeadersGetter.keys(headers as Record<string, unknown>)).toEqual(expect.any(Array));
      }),
    );
  });
});

describe('kafkaHeadersSetter', () => {
  it('gives back through the getter what was set, once, and leaves all other headers as they are', () => {
    fc.assert(
      fc.property(
        fc.dictionary(headerName(), fc.anything()),
        headerName(),
        anyCaseOf(),
        (headers, name, cased) => {
          const before = Object.entries(headers);
          const value = 'a-value';
          kafkaHeadersSetter.set(headers, cased(name), value);
          expect(kafkaHeadersGetter.get(headers, name)).toBe(value);
          expect(Object.keys(headers).filter((own) => isNamesake(own, name))).toEqual([cased(name)]);
          for (const [other, kept] of before.filter(([own]) => !isNamesake(own, name))) {
            expect(Object.getOwnPropertyDescriptor(headers, other)?.value).toBe(kept);
          }
        },
      ),
    );
  });

  it('writes a header named __proto__ as a header', () => {
    const headers: Record<string, unknown> = {};
    kafkaHeadersSetter.set(headers, '__proto__', 'v');
    expect(Object.entries(headers)).toEqual([['__proto__', 'v']]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });

  it.each<[carrier: string, headers: Record<string, unknown>]>([
    ['frozen', Object.freeze({ Traceparent: ONE })],
    ['sealed', Object.seal({ Traceparent: ONE })],
    ['not extensible', Object.preventExtensions({ Traceparent: ONE })],
  ])('leaves a carrier that is %s as it is', (_carrier, headers) => {
    kafkaHeadersSetter.set(headers, 'traceparent', TWO);
    expect(headers).toEqual({ Traceparent: ONE });
  });

  it.each<[carrier: string, headers: unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['an array', []],
    ['a string', 'x'],
    ['a Proxy that throws', hostileProxy()],
    ['a revoked Proxy', revokedProxy()],
  ])('does not throw on %s', (_carrier, headers) => {
    expect(() => kafkaHeadersSetter.set(headers as Record<string, unknown>, 'a', 'b')).not.toThrow();
  });
});

describe('a propagator', () => {
  const propagators: [name: string, propagator: TextMapPropagator][] = [
    ['W3C trace context', new W3CTraceContextPropagator()],
    ['B3 in one header', new B3Propagator()],
    ['B3 in many headers', new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })],
    ['Jaeger', new JaegerPropagator()],
  ];
  it.each(propagators)('of %s writes a context and reads it from Buffers', (_name, propagator) => {
    const headers = {};
    propagator.inject(contextOf(1), headers, kafkaHeadersSetter);
    const extracted = propagator.extract(ROOT_CONTEXT, onTheWire(headers), kafkaHeadersGetter);
    const { traceId, spanId } = remoteSpan(1);
    expect(trace.getSpanContext(extracted)).toMatchObject({ traceId, spanId, traceFlags: 1 });
  });

  it.each(propagators)("of %s reads repeated headers through Nest's parser", (_name, propagator) => {
    const [first, last]: Record<string, unknown>[] = [{}, {}];
    propagator.inject(contextOf(1), first, kafkaHeadersSetter);
    propagator.inject(contextOf(2), last, kafkaHeadersSetter);
    const repeated = Object.fromEntries(
      Object.keys(last as object).map((name) => [
        name,
        [first, last].map((h) => Buffer.from(h?.[name] as string)),
      ]),
    );
    const extracted = propagator.extract(ROOT_CONTEXT, parsedByNest(repeated), kafkaHeadersGetter);
    expect(trace.getSpanContext(extracted)?.traceId).toBe(remoteSpan(2).traceId);
  });

  it('of W3C baggage writes entries and reads them from Buffers', () => {
    const headers: Record<string, unknown> = {};
    const propagator = new W3CBaggagePropagator();
    propagator.inject(contextOf(1, { tenant: 'blue', user: 'ä' }), headers, kafkaHeadersSetter);
    const extracted = propagator.extract(ROOT_CONTEXT, onTheWire(headers), kafkaHeadersGetter);
    expect(propagation.getBaggage(extracted)?.getAllEntries()).toEqual([
      ['tenant', { value: 'blue' }],
      ['user', { value: 'ä' }],
    ]);
  });
});

const refuse = (): never => {
  throw new Error('hostile');
};

function hostileProxy(): Record<string, unknown> {
  const traps = { get: refuse, set: refuse, ownKeys: refuse, isExtensible: refuse, deleteProperty: refuse };
  return new Proxy({ traceparent: ONE }, traps);
}

function revokedProxy(): Record<string, unknown> {
  const { proxy, revoke } = Proxy.revocable<Record<string, unknown>>({}, {});
  revoke();
  return proxy;
}

function isNamesake(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function headerName(): fc.Arbitrary<string> {
  const known = [
    'traceparent',
    'Traceparent',
    'tracestate',
    'baggage',
    'b3',
    '__proto__',
    'constructor',
    '1',
  ];
  return fc.oneof(fc.constantFrom(...known), fc.stringMatching(/^[a-zA-Z_-]{1,12}$/));
}

function anyCaseOf(): fc.Arbitrary<(name: string) => string> {
  return fc.constantFrom(
    (name: string) => name,
    (name: string) => name.toLowerCase(),
    (name: string) => name.toUpperCase(),
  );
}

function anyHeaders(): fc.Arbitrary<unknown> {
  const text = fc.oneof(fc.string(), fc.constantFrom(ONE, TWO, `${ONE},${TWO}`));
  const one = fc.oneof(
    text,
    text.map((value) => Buffer.from(value)),
    fc.uint8Array(),
    fc.anything(),
  );
  const value = fc.oneof(one, fc.array(one));
  return fc.oneof(fc.dictionary(headerName(), value), fc.anything());
}
