import {
  type BaggageEntry,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  type TraceState,
  baggageEntryMetadataFromString,
  createTraceState,
  propagation,
  trace,
} from '@opentelemetry/api';
import {
  TraceState as SdkTraceState,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { kafkaHeadersSetter } from '../../lib/propagation/kafka-headers.js';
import { type PropagationLimits, propagationLimiter } from '../../lib/propagation/propagation-limiter.js';
import { remoteSpan } from '../support/trace-context.js';
import { tracer, useTracing } from '../support/tracing.js';

type Given = Partial<PropagationLimits['baggage']> & { readonly maxTracestateBytes?: number };

interface Limited {
  readonly context: Context;
  readonly dropped: readonly [field: string, count: number][];
}

function limit(context: Context, { maxTracestateBytes = 512, ...baggage }: Given = {}): Limited {
  const dropped: [string, number][] = [];
  const limits = {
    baggage: { allow: undefined, maxEntries: 64, maxBytes: 8_192, ...baggage },
    maxTracestateBytes,
  };
  const limiter = propagationLimiter(limits, (field, count) => void dropped.push([field, count]));
  return { context: limiter(context), dropped };
}

function withEntries(entries: Readonly<Record<string, BaggageEntry>>, context = ROOT_CONTEXT): Context {
  return propagation.setBaggage(context, propagation.createBaggage(entries));
}

function withValues(values: Readonly<Record<string, string>>): Context {
  return withEntries(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])));
}

function namesIn(context: Context): readonly string[] {
  return (propagation.getBaggage(context)?.getAllEntries() ?? []).map(([name]) => name);
}

function withTracestate(traceState: TraceState, spanContext: SpanContext = remoteSpan(1)): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, traceState });
}

function tracestateIn(context: Context): string | undefined {
  return trace.getSpanContext(context)?.traceState?.serialize();
}

function written(context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  new W3CTraceContextPropagator().inject(context, headers, kafkaHeadersSetter);
  new W3CBaggagePropagator().inject(context, headers, kafkaHeadersSetter);
  return headers;
}

describe('a context within its limits', () => {
  it.each<[what: string, context: Context]>([
    ['nothing', ROOT_CONTEXT],
    ['a span context only', trace.setSpanContext(ROOT_CONTEXT, remoteSpan(1))],
    ['baggage', withValues({ tenant: 'blue' })],
    ['baggage without entries', withValues({})],
    ['a tracestate', withTracestate(createTraceState('a=1,b=2'))],
    ['an empty tracestate', withTracestate(createTraceState(''))],
  ])('is the very same with %s', (_what, context) => {
    expect(limit(context)).toEqual({ context, dropped: [] });
    expect(limit(context).context).toBe(context);
  });
});

describe('baggage', () => {
  it('passes only the names that are allowed', () => {
    const { context, dropped } = limit(withValues({ a: '1', tenant: 'blue', b: '2' }), { allow: ['tenant'] });
    expect(namesIn(context)).toEqual(['tenant']);
    expect(dropped).toEqual([['baggage', 2]]);
    expect(namesIn(limit(context, { allow: [] }).context)).toEqual([]);
  });

  it('takes names as they are: another letter case is another name', () => {
    const { context } = limit(withValues({ Tenant: 'x', constructor: 'y', tenant: 'z' }), {
      allow: ['tenant'],
    });
    expect(namesIn(context)).toEqual(['tenant']);
  });

  it('passes the first entries up to the number, and those not allowed do not count', () => {
    const { context, dropped } = limit(withValues({ no: '0', a: '1', b: '2', c: '3' }), {
      allow: ['a', 'b', 'c'],
      maxEntries: 2,
    });
    expect(namesIn(context)).toEqual(['a', 'b']);
    expect(dropped).toEqual([['baggage', 2]]);
  });

  it.each([
    ['a=1,b=2', 7],
    ['a=%C3%A4,b=2', 12],
    ['%C3%A4=1,b=2', 12],
  ])('counts the bytes of %s as they are written, commas too', (header, size) => {
    const entries = header.split(',').map((pair) => pair.split('=').map(decodeURIComponent));
    const context = withValues(Object.fromEntries(entries));
    expect(written(context)['baggage']).toBe(header);
    expect(limit(context, { maxBytes: size }).context).toBe(context);
    expect(namesIn(limit(context, { maxBytes: size - 1 }).context)).toHaveLength(1);
  });

  it('counts the bytes of metadata, which is not encoded', () => {
    const context = withEntries({ a: { value: '1', metadata: baggageEntryMetadataFromString('ä') } });
    expect(written(context)['baggage']).toBe('a=1;ä');
    expect(limit(context, { maxBytes: 6 }).context).toBe(context);
    expect(namesIn(limit(context, { maxBytes: 5 }).context)).toEqual([]);
  });

  it('leaves out an entry that does not fit, and keeps later ones that do', () => {
    const { context, dropped } = limit(withValues({ a: '1', large: 'x'.repeat(20), b: '2' }), {
      maxBytes: 10,
    });
    expect(written(context)['baggage']).toBe('a=1,b=2');
    expect(dropped).toEqual([['baggage', 1]]);
  });

  it.each<[what: string, entry: unknown, name?: string]>([
    ['half of a surrogate pair as its value', { value: '\ud800' }],
    ['half of a surrogate pair as its name', { value: 'x' }, '\udc00'],
    ['a symbol as its value', { value: Symbol('x') }],
    ['no metadata where there should be some', { value: 'x', metadata: null }],
    ['nothing', undefined],
  ])(
    'leaves out an entry alone that has %s, where the propagator would throw',
    (_what, entry, name = 'bad') => {
      const given = withEntries({ a: { value: '1' }, [name]: entry as BaggageEntry, b: { value: '2' } });
      expect(() => written(given)).toThrow(/./);
      const { context, dropped } = limit(given);
      expect(written(context)).toEqual({ baggage: 'a=1,b=2' });
      expect(dropped).toEqual([['baggage', 1]]);
    },
  );

  it('keeps the entries that stay as they were, with their metadata', () => {
    const metadata = baggageEntryMetadataFromString('p=1');
    const { context } = limit(withEntries({ a: { value: '1', metadata }, b: { value: '2' } }), {
      maxEntries: 1,
    });
    expect(propagation.getBaggage(context)?.getEntry('a')).toEqual({ value: '1', metadata });
  });

  it('is limited at once in a context that a program filled without end', () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`n${index}`, 'x']));
    const { context, dropped } = limit(withValues(many));
    expect(namesIn(context)).toHaveLength(64);
    expect(dropped).toEqual([['baggage', 199_936]]);
  });

  it('leaves the span of the context where it is', () => {
    const context = withEntries({ a: { value: '1' } }, trace.setSpanContext(ROOT_CONTEXT, remoteSpan(1)));
    expect(trace.getSpan(limit(context, { maxEntries: 0 }).context)).toBe(trace.getSpan(context));
  });
});

const implementations: [whose: string, of: (raw: string) => TraceState][] = [
  ['the API', createTraceState],
  ['the SDK', (raw) => new SdkTraceState(raw)],
];

describe.each(implementations)('a tracestate of %s', (_whose, of) => {
  const LONG = `long=${'x'.repeat(124)}`; // 129 characters

  it.each<[raw: string, maxBytes: number, kept: string | undefined, dropped: number]>([
    ['a=1,b=2,c=3', 11, 'a=1,b=2,c=3', 0],
    ['a=1,b=2,c=3', 10, 'a=1,b=2', 1],
    ['a=1,b=2,c=3', 6, 'a=1', 2],
    ['a=1,b=2,c=3', 2, undefined, 3],
    ['a=1', 0, undefined, 1],
    [`${LONG},b=2,c=3`, 10, 'b=2,c=3', 1],
    [`a=1,${LONG},c=3`, 6, 'a=1', 2],
    [`a=1,${LONG},c=3`, 200, `a=1,${LONG},c=3`, 0],
    [`${LONG},b=2,${LONG.replace('long', 'last')}`, 200, `${LONG},b=2`, 1],
    [`a=1,${LONG.slice(0, -1)},c=3`, 132, `a=1,${LONG.slice(0, -1)}`, 1],
  ])('that is %s has within %i bytes %s', (raw, maxTracestateBytes, kept, count) => {
    const given = withTracestate(of(raw));
    const { context, dropped } = limit(given, { maxTracestateBytes });
    expect(tracestateIn(context)).toBe(kept);
    expect(dropped).toEqual(count === 0 ? [] : [['tracestate', count]]);
    expect(context === given).toBe(count === 0);
  });

  it('is not written at all where nothing is left of it', () => {
    const { context } = limit(withTracestate(of('a=1')), { maxTracestateBytes: 2 });
    expect(Object.keys(written(context))).toEqual(['traceparent']);
  });
});

describe('a tracestate of another implementation', () => {
  const stubborn = { serialize: () => 'ä=1,b=2', unset: () => stubborn } as unknown as TraceState;

  it('is measured in bytes', () => {
    const given = withTracestate(stubborn);
    expect(limit(given, { maxTracestateBytes: 8 }).context).toBe(given);
  });

  it('goes without where its members cannot be taken out', () => {
    const { context, dropped } = limit(withTracestate(stubborn), { maxTracestateBytes: 7 });
    expect(tracestateIn(context)).toBeUndefined();
    expect(dropped).toEqual([['tracestate', 2]]);
  });
});

describe('a shortened tracestate', () => {
  const spans = useTracing();
  const over = { maxTracestateBytes: 5 };

  it.each([
    ['remote and sampled', remoteSpan(1)],
    ['not sampled', remoteSpan(1, TraceFlags.NONE)],
    ['of this process', { ...remoteSpan(1), isRemote: false }],
  ])('leaves a span context %s', (_what, spanContext) => {
    const { context } = limit(withTracestate(createTraceState('a=1,b=2'), spanContext), over);
    expect({ ...trace.getSpanContext(context), traceState: undefined }).toEqual({
      ...spanContext,
      traceState: undefined,
    });
  });

  it('leaves the ids of a span context that is of a class', () => {
    class VendorSpanContext implements SpanContext {
      readonly #of = remoteSpan(1);
      readonly traceState = createTraceState('a=1,b=2');
      get traceId(): string {
        return this.#of.traceId;
      }
      get spanId(): string {
        return this.#of.spanId;
      }
      get traceFlags(): number {
        return this.#of.traceFlags;
      }
    }
    const { context } = limit(trace.setSpanContext(ROOT_CONTEXT, new VendorSpanContext()), over);
    const { traceId, spanId, traceFlags } = remoteSpan(1);
    expect(trace.getSpanContext(context)).toMatchObject({ traceId, spanId, traceFlags });
    expect(tracestateIn(context)).toBe('a=1');
  });

  it('leaves a span that is recorded alone: it is still the span of the context that was given', async () => {
    const parent = withTracestate(createTraceState('a=1,b=2'));
    const span = tracer().startSpan('work', {}, parent);
    const given = trace.setSpan(parent, span);
    const { context } = limit(given, over);
    expect(trace.getSpan(given)).toBe(span);
    expect(trace.getSpanContext(context)).toMatchObject({ spanId: span.spanContext().spanId });
    expect(span.spanContext().traceState?.serialize()).toBe('a=1,b=2');
    span.end();
    await spans.one('work');
  });

  it('is counted apart from baggage', () => {
    const context = withEntries({ a: { value: '1' } }, withTracestate(createTraceState('a=1,b=2')));
    expect(limit(context, { ...over, maxEntries: 0 }).dropped).toEqual([
      ['baggage', 1],
      ['tracestate', 1],
    ]);
  });
});
