import { ROOT_CONTEXT, type Span, propagation, trace } from '@opentelemetry/api';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
import { describe, expect, it } from 'vitest';
import { NO_CREATION_CONTEXT, extractCreationContext } from '../../lib/propagation/creation-context.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { inSpan, useTracing } from '../support/tracing.js';

const boom = (): never => {
  throw new Error('boom');
};

describe('extractCreationContext', () => {
  useTracing();

  it('finds the remote span and its baggage', () => {
    const creation = extractCreationContext({
      traceparent: Buffer.from(traceparent(1)),
      baggage: 'tenant=blue',
    });
    expect(creation.spanContext).toEqual(remoteSpan(1));
    expect(propagation.getBaggage(creation.context)?.getEntry('tenant')).toEqual({ value: 'blue' });
  });

  it.each([null, undefined])('finds nothing in %s', (headers) => {
    expect(extractCreationContext(headers)).toBe(NO_CREATION_CONTEXT);
  });

  it.each(['garbage', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`])('takes %s for no span', (invalid) => {
    expect(extractCreationContext({ traceparent: invalid }).spanContext).toBeUndefined();
  });

  it.each<[what: string, spanContext: unknown]>([
    ['nothing', null],
    ['ids that cannot be read', Object.defineProperty({}, 'traceId', { get: boom })],
    ['ids that are none', { traceId: 'z'.repeat(32), spanId: 'z'.repeat(16), traceFlags: 1 }],
  ])('takes %s, as a propagator may find it, for no span', (_what, found) => {
    propagation.disable();
    propagation.setGlobalPropagator({
      extract: (context) => trace.setSpan(context, { spanContext: () => found } as unknown as Span),
      inject: () => undefined,
      fields: () => ['traceparent'],
    });
    expect(extractCreationContext({ traceparent: 'x' }).spanContext).toBeUndefined();
  });

  it('takes for no span what the propagator of Jaeger does not look at', () => {
    propagation.disable();
    propagation.setGlobalPropagator(new JaegerPropagator());
    const { context, spanContext } = extractCreationContext({ 'uber-trace-id': 'zz:1:0:1' });
    expect(trace.getSpanContext(context)).toBeDefined();
    expect(spanContext).toBeUndefined();
  });

  it('is built on the root context, whatever is active', async () => {
    await inSpan('caller', async () => {
      expect(extractCreationContext({ other: 'x' }).context).toBe(ROOT_CONTEXT);
    });
  });
});
