import {
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import { report } from './fail-open.js';
import { SCOPE_NAME, SCOPE_VERSION } from './instrumentation-scope.js';
import type { OpenSpans } from './open-spans.js';
import { NO_SPAN, TracedSpan } from './traced-span.js';

const FEW_LINKS = 4;

// The SDK's own limit.
const MOST_LINKS = 128;

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
      return traced.isRecording || !isNoSpan(span) ? traced : NO_SPAN;
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
function isNoSpan(span: Span): boolean {
  try {
    return !isSpanContextValid(span.spanContext());
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
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined;
}

/**
 * Links to each of these spans, once, and to no more than `most`.
 *
 * @param contexts valid ones: they were looked at where they were read
 *
 * @internal
 */
export function linksTo(contexts: Iterable<SpanContext | undefined>, most = MOST_LINKS): Link[] {
  const links: Link[] = [];
  let linked: Set<string> | undefined; // Few are compared one by one.
  for (const context of contexts) {
    if (links.length >= most) {
      break;
    }
    if (context === undefined) {
      continue;
    }
    if (links.length === FEW_LINKS) {
      linked = new Set(links.map((link) => idsOf(link.context)));
    }
    if (!(linked?.has(idsOf(context)) ?? isLinkedTo(links, context))) {
      linked?.add(idsOf(context));
      links.push({ context });
    }
  }
  return links;
}

function isLinkedTo(links: readonly Link[], spanContext: SpanContext): boolean {
  for (const { context } of links) {
    if (isSameSpan(context, spanContext)) {
      return true;
    }
  }
  return false;
}

function idsOf({ traceId, spanId }: SpanContext): string {
  return `${traceId}-${spanId}`;
}

/** @internal */
export function isSameSpan(one: SpanContext | undefined, other: SpanContext | undefined): boolean {
  return one?.spanId === other?.spanId && one?.traceId === other?.traceId;
}
