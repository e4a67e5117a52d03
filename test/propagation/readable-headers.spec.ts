import { propagation } from '@opentelemetry/api';
import { B3Propagator } from '@opentelemetry/propagator-b3';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
import { describe, expect, it } from 'vitest';
import { extractCreationContext } from '../../lib/propagation/creation-context.js';
import { headersWithContext } from '../../lib/propagation/header-policy.js';
import { readableHeaders } from '../../lib/propagation/readable-headers.js';
import { letterCasesOf, manyHeaders } from '../support/many-headers.js';
import { PROPAGATORS } from '../support/propagators.js';
import type { Headers } from '../support/same-headers.js';
import { contextOf, remoteSpan, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const TOO_MANY = manyHeaders('x-', 257);

describe('a propagator is given to read', () => {
  useTracing();

  it('up to 256 headers as they are', () => {
    const headers = { ...manyHeaders('x-', 255), traceparent: traceparent(1) };
    expect(readableHeaders(headers)?.headers).toBe(headers);
    expect(readableHeaders(headers)?.names).toEqual(Object.keys(headers));
  });

  it('only its own of more than 256', () => {
    const own = { traceparent: traceparent(1), tracestate: 'a=1', baggage: 'b=2' };
    expect(readableHeaders({ ...TOO_MANY, ...own })?.headers).toEqual({
      traceparent: [traceparent(1)],
      tracestate: ['a=1'],
      baggage: ['b=2'],
    });
  });

  it('each under one name, with its values in their order', () => {
    const repeated = { TraceParent: ['1', '2'], traceparent: Buffer.from('3'), TRACEPARENT: null };
    expect(readableHeaders({ ...TOO_MANY, ...repeated })).toEqual({
      headers: { traceparent: ['1', '2', Buffer.from('3'), null] },
      names: ['traceparent'],
    });
  });

  it('nothing of headers of which it knows none', () => {
    expect(readableHeaders(TOO_MANY)).toEqual({ headers: {}, names: [] });
    expect(readableHeaders({})).toBeUndefined();
  });

  it('nothing of many headers of which one of its own cannot be read', () => {
    const hostile = Object.defineProperty({ ...TOO_MANY }, 'traceparent', {
      get: () => {
        throw new Error('hostile');
      },
      enumerable: true,
    });
    expect(readableHeaders(hostile)).toBeUndefined();
    expect(extractCreationContext(hostile).spanContext).toBeUndefined();
  });
});

describe('among many headers', () => {
  useTracing({ propagator: false });

  it.each(PROPAGATORS)('$name finds the span that it finds among few', ({ propagator }) => {
    propagation.setGlobalPropagator(propagator);
    const sent = headersWithContext({}, contextOf(1)) as Headers;
    const { spanContext } = extractCreationContext({ ...TOO_MANY, ...sent });
    expect(spanContext).toMatchObject({ traceId: remoteSpan(1).traceId, spanId: remoteSpan(1).spanId });
  });

  it('a header in whatever number of letter cases is one header to a propagator', () => {
    propagation.setGlobalPropagator(new B3Propagator());
    const readable = readableHeaders(letterCasesOf('x-b3-parentspanid', 'x'));
    expect(readable?.headers).toEqual({ 'x-b3-parentspanid': Array.from({ length: 16_383 }, () => 'x') });
  });

  it('Jaeger finds the first 256 entries of baggage, and the span beside them', () => {
    propagation.setGlobalPropagator(new JaegerPropagator());
    const sent = headersWithContext({}, contextOf(1)) as Headers;
    const { context, spanContext } = extractCreationContext({ ...manyHeaders('uberctx-', 257), ...sent });
    const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
    expect(entries.map(([name]) => name)).toEqual(Array.from({ length: 256 }, (_, index) => String(index)));
    expect(spanContext?.spanId).toBe(remoteSpan(1).spanId);
  });
});
