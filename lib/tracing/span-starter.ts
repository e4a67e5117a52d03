import {
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { isValidSpanContext, isValidSpanId } from '../propagation/span-context-validity.js';
import { report } from './fail-open.js';
import { SCOPE_NAME, SCOPE_VERSION } from './instrumentation-scope.js';
import type { OpenSpans } from './open-spans.js';
import { NO_SPAN, TracedSpan } from './traced-span.js';

/**
 * The one place where a span is started.
 *
 * @internal
 */
export class SpanStarter {
  readonly #openSpans: () => OpenSpans | undefined;
  #tracer: Tracer | undefined;
  #provider: TracerProvider | undefined;

  /** @param openSpans where a span is counted that starts now, if anywhere */
  constructor(openSpans: () => OpenSpans | undefined) {
    this.#openSpans = openSpans;
  }

  /** @param what it is called in reports, as in "send span" */
  start(what: string, name: string, options: SpanOptions, parent: Context): TracedSpan {
    try {
      const span = this.#currentTracer().startSpan(name, options, parent);
      const traced = new TracedSpan(what, span, this.#openSpans());
      return traced.isRecording || !isNoSpan(span, parent) ? traced : NO_SPAN;
    } catch (error) {
      report('start a span', error);
      return NO_SPAN;
    }
  }

  // A provider may be registered late, and in tests another one after it: its identity tells.
  #currentTracer(): Tracer {
    const provider = trace.getTracerProvider();
    if (this.#tracer === undefined || provider !== this.#provider) {
      this.#tracer = provider.getTracer(SCOPE_NAME, SCOPE_VERSION);
      this.#provider = provider;
    }
    return this.#tracer;
  }
}

// Without an SDK a root span has no ids. In a context it would hide those of the message, which are to go on.
function isNoSpan(span: Span, parent: Context): boolean {
  try {
    const spanContext = span.spanContext();
    const isOfParentsTrace = spanContext.traceId === trace.getSpanContext(parent)?.traceId; // As of most spans.
    return !(isOfParentsTrace ? isValidSpanId(spanContext.spanId) : isValidSpanContext(spanContext));
  } catch (error) {
    report('ask a span', error);
    return false;
  }
}

/**
 * The valid span context that is active in a context.
 *
 * @internal
 */
export function spanContextOf(context: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(context);
  return spanContext !== undefined && isValidSpanContext(spanContext) ? spanContext : undefined;
}
