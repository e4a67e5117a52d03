import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  isSpanContextValid,
  propagation,
  trace,
} from '@opentelemetry/api';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { extractCreationContext } from '../../lib/propagation/creation-context.js';
import {
  headersWith,
  headersWithContext,
  presetCreationContext,
} from '../../lib/propagation/header-policy.js';
import { injectOnce } from '../../lib/propagation/injection.js';
import { kafkaHeadersGetter, kafkaHeadersSetter } from '../../lib/propagation/kafka-headers.js';
import { headersWithOneSpanContext } from '../../lib/propagation/repeated-headers.js';
import { anyContext } from '../support/any-context.js';
import { anyHeaders, anyName, hostileHeaders, writableHeaders } from '../support/any-headers.js';
import { PROPAGATORS } from '../support/propagators.js';
import {
  type Headers,
  expectOneOfEach,
  expectSame,
  expectUnchanged,
  isNamesakeOf,
  othersIn,
} from '../support/same-headers.js';
import { contextOf } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';
import { handlingOf } from '../support/received.js';

// The same cases each time; what fails is printed with the seed and the path to it.
fc.configureGlobal({ seed: 20_261_104, numRuns: 300 });

describe('kafkaHeadersGetter', () => {
  it('gives text or nothing, whatever it reads, and the same in each letter case', () => {
    fc.assert(
      fc.property(fc.oneof(anyHeaders().map(asMade), hostileHeaders()), anyName(), (make, name) => {
        const headers = make() as Headers;
        const value = kafkaHeadersGetter.get(headers, name);
        expect(['string', 'undefined']).toContain(typeof value);
        const upper = name.toUpperCase();
        const inUpperCase = isNamesakeOf(name)(upper) ? kafkaHeadersGetter.get(headers, upper) : value;
        expect(inUpperCase).toBe(value);
        const keys: unknown = kafkaHeadersGetter.keys(headers);
        expect(Array.isArray(keys) && keys.every((key) => typeof key === 'string')).toBe(true);
      }),
    );
  });

  it('leaves what it reads as it is', () => {
    fc.assert(
      fc.property(anyHeaders(), anyName(), (headers, name) => {
        expectUnchanged(headers, () => kafkaHeadersGetter.get(headers, name));
      }),
    );
  });
});

describe('kafkaHeadersSetter', () => {
  it('replaces all namesakes by one header, and leaves every other where and as it is', () => {
    fc.assert(
      fc.property(anyHeaders(), anyName(), fc.string(), (given, name, value) => {
        const headers = { ...given };
        kafkaHeadersSetter.set(headers, name, value);
        expectSame(othersIn(headers, isNamesakeOf(name)), othersIn(given, isNamesakeOf(name)));
        expect(Object.entries(headers).filter(([own]) => isNamesakeOf(name)(own))).toEqual([[name, value]]);
        expect(kafkaHeadersGetter.get(headers, name)).toBe(kafkaHeadersGetter.get({ [name]: value }, name));
      }),
    );
  });

  it.each([
    ['frozen', Object.freeze],
    ['sealed', Object.seal],
    ['not extensible', Object.preventExtensions],
  ])('leaves what is %s as it is', (_what, close) => {
    fc.assert(
      fc.property(anyHeaders(), anyName(), fc.string(), (headers, name, value) => {
        close(headers);
        expectUnchanged(headers, () => kafkaHeadersSetter.set(headers, name, value));
      }),
    );
  });

  it('leaves headers as they are where the value is no string', () => {
    fc.assert(
      fc.property(anyHeaders(), anyName(), fc.anything(), (headers, name, value) => {
        fc.pre(typeof value !== 'string');
        expectUnchanged(headers, () => kafkaHeadersSetter.set(headers, name, value as string));
      }),
    );
  });

  it('does not throw on whatever it is given', () => {
    fc.assert(
      fc.property(hostileHeaders(), anyName(), fc.anything(), (make, name, value) => {
        expect(kafkaHeadersSetter.set(make() as Headers, name, value as string)).toBeUndefined();
      }),
    );
  });
});

describe.each(PROPAGATORS)('the header policy, with $name', ({ propagator, span, beside }) => {
  useTracing({ propagator: false });
  beforeEach(() => void propagation.setGlobalPropagator(propagator));

  const isSpanHeader = (name: string): boolean => span.test(name);
  const isContextHeader = (name: string): boolean => span.test(name) || beside.test(name);

  it('puts a context into a copy, once, and leaves every other header where and as it is', () => {
    fc.assert(
      fc.property(fc.oneof(writableHeaders(), anyHeaders()), anyContext(), (headers, context) => {
        const out = expectUnchanged(headers, () => headersWithContext(headers, context)) as Headers;
        expectSame(othersIn(out, isContextHeader), othersIn(headers, isContextHeader));
        expectOneOfEach(out, span);
        for (const name of Object.keys(headersWithContext({}, context) as Headers)) {
          expect(Object.keys(out).filter(isNamesakeOf(name))).toEqual([name]);
        }
        expect(spanIn(out)).toEqual(idsOf(trace.getSpanContext(context)));
      }),
    );
  });

  it('writes the same where the propagator is asked once for several messages', () => {
    fc.assert(
      fc.property(fc.array(writableHeaders(), { maxLength: 4 }), anyContext(), (messages, context) => {
        const once = injectOnce();
        for (const headers of messages) {
          expect(headersWithContext(headers, context, undefined, once)).toEqual(
            headersWithContext(headers, context),
          );
        }
      }),
    );
  });

  it('gives the receiver the baggage that it wrote, and no other beside a stale span', () => {
    fc.assert(
      fc.property(writableHeaders(), anyContext(), (headers, context) => {
        const stale = headersWithContext(headers, contextOf(9, { stale: 'x' })) as Headers;
        const written = baggageIn(headersWithContext(stale, context) as Headers);
        const hasBaggage = beside.test('baggage') || beside.test('uberctx-a');
        expect(written).toEqual(hasBaggage ? entriesOf(context) : new Map());
      }),
    );
  });

  it('keeps just the context that the getter finds, unless it echoes the delivery', () => {
    fc.assert(
      fc.property(anyHeaders(), (headers) => {
        const found = spanContextFound(headers);
        expect(expectUnchanged(headers, () => presetCreationContext(headers, ROOT_CONTEXT))).toEqual(found);
        expect(presetCreationContext(headers, handlingOf([{ spanContext: found }]))).toBeUndefined();
      }),
    );
  });

  it('collapses what a kept context repeats, so that it is read as before, and leaves the rest where and as it is', () => {
    fc.assert(
      fc.property(fc.oneof(writableHeaders(), anyHeaders()), (headers) => {
        const out = expectUnchanged(headers, () => headersWithOneSpanContext(headers)) as Headers;
        expectSame(othersIn(out, isSpanHeader), othersIn(headers, isSpanHeader));
        expect(spanContextFound(out)).toEqual(spanContextFound(headers));
        expect(headersWithOneSpanContext(out)).toBe(out);
        expectOneOfEach(Object.values(headers).every(isWritable) ? out : {}, span);
      }),
    );
  });

  it('sends what kafkajs can write as something that it can write', () => {
    fc.assert(
      fc.property(writableHeaders(), anyContext(), (headers, context) => {
        expect(Object.values(headersWithContext(headers, context) as Headers).every(isWritable)).toBe(true);
        expect(Object.values(headersWithOneSpanContext(headers) as Headers).every(isWritable)).toBe(true);
      }),
    );
  });

  it('returns what it cannot read as it came', () => {
    const context = contextOf(1, { tenant: 'blue' });
    fc.assert(
      fc.property(hostileHeaders(), (make) => {
        const headers = make();
        const found = spanContextFound(headers);
        expect(presetCreationContext(headers, context)).toEqual(found);
        expect(extractCreationContext(headers as Headers).spanContext).toEqual(found);
        const written = [headersWithContext(headers, context), headersWith(headers, 'id', 'x')];
        for (const out of [headersWithOneSpanContext(headers), ...written]) {
          expect(out === headers || canHoldHeaders(headers)).toBe(true);
        }
      }),
    );
  });
});

describe('headersWith', () => {
  it('adds one header to a copy, and leaves every other where and as it is', () => {
    fc.assert(
      fc.property(anyHeaders(), anyName(), fc.string(), (headers, name, value) => {
        const out = expectUnchanged(headers, () => headersWith(headers, name, value)) as Headers;
        expectSame(
          othersIn(out, (own) => own === name),
          othersIn(headers, (own) => own === name),
        );
        const kept = Object.hasOwn(headers, name) ? headers : { [name]: value };
        expect(Object.getOwnPropertyDescriptor(out, name)?.value).toBe(
          Object.getOwnPropertyDescriptor(kept, name)?.value,
        );
      }),
    );
  });
});

function asMade<T>(made: T): () => T {
  return () => made;
}

function spanContextFound(headers: unknown): SpanContext | undefined {
  const found = trace.getSpanContext(
    propagation.extract(ROOT_CONTEXT, headers as Headers, kafkaHeadersGetter),
  );
  return found !== undefined && isSpanContextValid(found) ? found : undefined;
}

function idsOf(spanContext: SpanContext | undefined): unknown {
  const { traceId, spanId, traceFlags } = spanContext ?? {};
  return { traceId, spanId, traceFlags };
}

function spanIn(headers: Headers): unknown {
  return idsOf(spanContextFound(headers));
}

function baggageIn(headers: Headers): unknown {
  return entriesOf(propagation.extract(ROOT_CONTEXT, headers, kafkaHeadersGetter));
}

function entriesOf(context: Context): ReadonlyMap<string, string> {
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  return new Map(entries.map(([name, { value }]) => [name, value]));
}

/** An object, or room for one. */
function canHoldHeaders(headers: unknown): boolean {
  return headers === undefined || (typeof headers === 'object' && !Array.isArray(headers));
}

function isWritable(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isWritable) : typeof value === 'string' || Buffer.isBuffer(value);
}
