import { type Context, type SpanContext, type TraceState, propagation, trace } from '@opentelemetry/api';
import { type BaggageBudget, baggageLimiter } from './baggage-limits.js';
import { limitTracestate } from './tracestate-limits.js';

/**
 * How much beside the span context goes through Kafka.
 *
 * @internal
 */
export interface PropagationLimits {
  readonly baggage: BaggageBudget;
  readonly maxTracestateBytes: number;
}

/** @internal */
export type Dropped = (field: 'baggage' | 'tracestate', count: number) => void;

/**
 * Makes the function that keeps a context within limits: one that is to be injected, or one that was extracted. It returns
 * the very same context where nothing is over. Where a tracestate is shortened, the span context has the ids and flags that
 * it had, and stands for the span: of a span that is recorded here, the result is for the propagator only.
 *
 * @param dropped is told how many entries went, once for each field; it must not throw
 * @internal
 */
export function propagationLimiter(
  { baggage, maxTracestateBytes }: PropagationLimits,
  dropped: Dropped,
): (context: Context) => Context {
  const limitBaggage = baggageLimiter(baggage);
  return (context) =>
    withinTracestate(withinBaggage(context, limitBaggage, dropped), maxTracestateBytes, dropped);
}

function withinBaggage(
  context: Context,
  limitBaggage: ReturnType<typeof baggageLimiter>,
  dropped: Dropped,
): Context {
  const baggage = propagation.getBaggage(context);
  const limited = baggage === undefined ? undefined : limitBaggage(baggage);
  if (limited === undefined) {
    return context;
  }
  dropped('baggage', limited.dropped);
  return propagation.setBaggage(context, limited.kept);
}

function withinTracestate(context: Context, maxBytes: number, dropped: Dropped): Context {
  const spanContext = trace.getSpanContext(context);
  const limited =
    spanContext?.traceState === undefined ? undefined : limitTracestate(spanContext.traceState, maxBytes);
  if (spanContext === undefined || limited === undefined) {
    return context;
  }
  dropped('tracestate', limited.dropped);
  return trace.setSpanContext(context, withTracestate(spanContext, limited.kept));
}

// Field by field: the span contexts of some SDKs are of a class, with getters.
function withTracestate(
  { traceId, spanId, traceFlags, isRemote }: SpanContext,
  traceState: TraceState | undefined,
): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags,
    ...(isRemote === undefined ? {} : { isRemote }),
    ...(traceState === undefined ? {} : { traceState }),
  };
}
