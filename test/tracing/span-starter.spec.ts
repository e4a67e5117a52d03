import {
  INVALID_SPANID,
  INVALID_TRACEID,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { SpanStarter } from '../../lib/tracing/span-starter.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const parent = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.NONE });

/** Every span that is started has this context, and is not recorded. */
function register(spanContext: Pick<SpanContext, 'traceId' | 'spanId'>): void {
  const span = trace.wrapSpanContext({ ...spanContext, traceFlags: TraceFlags.NONE });
  const startSpan = () => span;
  trace.setGlobalTracerProvider({
    getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }),
  });
}

function contextWithSpan(): SpanContext | undefined {
  const span = new SpanStarter(() => undefined).start('a span', 'a span', {}, parent);
  return trace.getSpanContext(span.in(parent));
}

afterEach(() => trace.disable());

describe('a span that is not recorded', () => {
  it('is in the context where it has ids of its own', () => {
    register({ traceId, spanId: '00f067aa0ba902b7' });
    expect(contextWithSpan()).toMatchObject({ traceId, spanId: '00f067aa0ba902b7' });
  });

  it('is in the context where it begins a trace', () => {
    register({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' });
    expect(contextWithSpan()).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
  });

  it.each([
    { what: 'none', traceId: INVALID_TRACEID, spanId: INVALID_SPANID },
    { what: 'no span id', traceId, spanId: INVALID_SPANID },
    { what: 'a span id that is none', traceId, spanId: 'b7ad6b716920333-' },
    { what: 'no trace id', traceId: INVALID_TRACEID, spanId },
    { what: 'a trace id that is none', traceId: `${traceId.slice(1)}g`, spanId },
    { what: 'ids that are empty', traceId: '', spanId: '' },
  ])('does not hide its parent where it has $what', (ids) => {
    register(ids);
    expect(contextWithSpan()).toMatchObject({ traceId, spanId });
  });
});
