import * as fc from 'fast-check';
import { traceparent } from './trace-context.js';

/** The names of all headers that a propagator may know, in any letter case, and such as trip an object up. */
export function anyName(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: contextName() },
    {
      weight: 1,
      arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '7', ''),
    },
    { weight: 1, arbitrary: anyCharacters(12) },
    { weight: 1, arbitrary: fc.constantFrom('x-tenant', 'Traceparen', 'traceparent ', 'ﬁle', 'İ', 'ключ') },
  );
}

/** Any text of JavaScript's, halves of surrogate pairs too: what fast-check has for it takes seconds to get ready. */
export function anyCharacters(maxLength = 10): fc.Arbitrary<string> {
  return fc.uint16Array({ maxLength }).map((codes) => String.fromCharCode(...codes));
}

const CONTEXT_NAMES = [
  'traceparent',
  'tracestate',
  'baggage',
  'uber-trace-id',
  'uberctx-tenant',
  'uberctx-',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
];

/** A name that some propagator reads, in any letter case. */
function contextName(): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...CONTEXT_NAMES), fc.mixedCase(fc.constantFrom(...CONTEXT_NAMES)));
}

const TRACE_ID = 'a'.repeat(32);
const SPAN_ID = 'b'.repeat(16);

/** Texts that propagators take for a value, nearly take for one, or do not. */
function anyText(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...SOUND_TEXTS) },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom(...SOUND_TEXTS, 'x', ''), { maxLength: 3 }).map(String),
    },
    { weight: 1, arbitrary: anyCharacters() },
  );
}

const SOUND_TEXTS = [
  traceparent(1),
  traceparent(2),
  `cc${traceparent(2).slice(2)}-x`,
  ` ${traceparent(1)} `,
  TRACE_ID,
  SPAN_ID,
  '1',
  '0',
  'd',
  `${TRACE_ID}-${SPAN_ID}-1`,
  `${TRACE_ID}:${SPAN_ID}:0:01`,
  'a=1,b=2',
  'tenant=blue;p=1',
  '=',
  '%',
  '%E4=1',
];

/** A value that kafkajs can write. */
function writableValue(): fc.Arbitrary<unknown> {
  const one = fc.oneof(
    anyText(),
    anyText().map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  return fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: fc.array(one, { maxLength: 4 }) });
}

/** Headers that kafkajs can write, of any prototype, also frozen ones. */
export function writableHeaders(): fc.Arbitrary<Record<string, unknown>> {
  return madeOf(writableValue());
}

/** Headers of whatever. */
export function anyHeaders(): fc.Arbitrary<Record<string, unknown>> {
  return madeOf(
    fc.oneof(
      writableValue(),
      anyText().map((text) => Buffer.from(text).toJSON()),
      fc.uint8Array(),
      fc.anything(),
      fc.array(fc.oneof(anyText(), fc.anything()), { maxLength: 3 }),
    ),
  );
}

class Headers {}

function madeOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  const entries = fc.array(fc.tuple(anyName(), value), { maxLength: 8 });
  const prototype = fc.constantFrom(Object.prototype, null, Headers.prototype);
  return fc.tuple(entries, prototype, fc.boolean()).map(([fields, proto, isFrozen]) => {
    const headers = Object.create(proto) as Record<string, unknown>;
    for (const [name, field] of fields) {
      Object.defineProperty(headers, name, {
        value: field,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return isFrozen ? Object.freeze(headers) : headers;
  });
}

/** Makes what is no headers at all, or resists being read. */
export function hostileHeaders(): fc.Arbitrary<() => unknown> {
  const hostile = fc.constantFrom<() => unknown>(...HOSTILE);
  return fc.oneof(
    fc.anything().map((value) => () => value),
    hostile,
    fc.tuple(anyName(), hostile).map(([name, make]) => () => ({ [name]: make() })),
    fc.tuple(anyName(), fc.constantFrom({}, REPEATED)).map(
      ([name, beside]) =>
        () =>
          Object.defineProperty({ ...beside }, name, { get: refuse, enumerable: true }),
    ),
  );
}

const REPEATED = {
  traceparent: [traceparent(1), traceparent(2)],
  b3: [`${TRACE_ID}-${SPAN_ID}-1`, `${TRACE_ID}-${SPAN_ID}-1`],
  'uber-trace-id': [`${TRACE_ID}:${SPAN_ID}:0:01`, `${TRACE_ID}:${SPAN_ID}:0:01`],
};

const refuse = (): never => {
  throw new Error('hostile');
};

const HOSTILE: readonly (() => unknown)[] = [
  () => new Map([['traceparent', traceparent(1)]]),
  () => new Proxy({ traceparent: traceparent(1) }, { get: refuse }),
  () => new Proxy({}, { ownKeys: refuse }),
  () => new Proxy({}, { getOwnPropertyDescriptor: refuse, ownKeys: () => ['traceparent'] }),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  () => Buffer.from(traceparent(1)),
  () => Symbol('traceparent'),
  () => refuse,
];
