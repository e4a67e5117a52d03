import {
  type Baggage,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  propagation,
  trace,
} from '@opentelemetry/api';

/** A span somewhere else: the same number gives the same ids. */
export function remoteSpan(number: number, traceFlags = TraceFlags.SAMPLED): SpanContext {
  const digits = number.toString(16);
  return {
    traceId: digits.padStart(32, 'a'),
    spanId: digits.padStart(16, 'b'),
    traceFlags,
    isRemote: true,
  };
}

/** What the producer of that span wrote. */
export function traceparent(number: number, traceFlags = TraceFlags.SAMPLED): string {
  const { traceId, spanId } = remoteSpan(number);
  return `00-${traceId}-${spanId}-0${traceFlags}`;
}

/** What a message carries that is sent with the context of a sampled span. */
export function traceparentOf(span: { spanContext(): SpanContext }): string {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
}

/** A context with that span, and with baggage if any is given. */
export function contextOf(number: number, baggage: Readonly<Record<string, string>> = {}): Context {
  return withBaggage(trace.setSpanContext(ROOT_CONTEXT, remoteSpan(number)), baggage);
}

export function withBaggage(context: Context, entries: Readonly<Record<string, string>>): Context {
  const names = Object.keys(entries);
  return names.length === 0 ? context : propagation.setBaggage(context, baggageOf(entries));
}

function baggageOf(entries: Readonly<Record<string, string>>): Baggage {
  return propagation.createBaggage(
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, { value }])),
  );
}
