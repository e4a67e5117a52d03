import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import type { ResolvedOptions } from '../resolve-options.js';
import {
  NO_CREATION_CONTEXT,
  extractCreationContext,
  withReceived,
} from '../propagation/creation-context.js';
import {
  headersWith,
  headersWithContext,
  headersWithOneTraceparent,
  presetCreationContext,
} from '../propagation/header-policy.js';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import { type DescribedMessage, type KafkaEndpoint, SpanAttributes } from './attributes.js';
import { Delivery } from './delivery.js';
import { activeContext, attempt } from './fail-open.js';
import { SCOPE_NAME, SCOPE_VERSION } from './instrumentation-scope.js';
import { NESTJS_KAFKA_HANDLER_MISSING } from './semconv.js';
import { Sending } from './sending.js';
import { Step } from './step.js';
import { TopicPolicies, type TopicHandlers, type TopicPolicy } from './topic-policies.js';

/**
 * Starts every span of this library: the other rings describe what happens, this says what it looks like in a trace.
 * No method throws.
 *
 * @internal
 */
export class KafkaTracer {
  readonly #attributes: SpanAttributes;
  readonly #policies: TopicPolicies;
  #tracer: Tracer | undefined;
  #provider: TracerProvider | undefined;

  constructor(readonly options: ResolvedOptions) {
    this.#attributes = new SpanAttributes(options.semconv);
    this.#policies = new TopicPolicies(options);
  }

  /**
   * Starts the span of one message's send, in the caller's context, and writes its context into a copy of the headers. A
   * creation context that the message has already is kept: then this span only sends it, and links to it.
   */
  startSend(endpoint: KafkaEndpoint, topic: string, message: DescribedMessage): Sending {
    const active = activeContext() ?? ROOT_CONTEXT;
    const policy = this.#policyOf(topic);
    const preset =
      policy.existingContext === 'overwrite'
        ? undefined
        : attempt('read the headers', () => presetCreationContext(message.headers, active));
    const span =
      policy.requireParent && !hasSpan(active)
        ? undefined
        : this.#startSendSpan(endpoint, topic, message, policy, active, preset);
    const carried = span === undefined ? active : trace.setSpan(active, span);
    const headers =
      preset === undefined
        ? this.inject(message.headers, carried)
        : this.#withCorrelationId(keepOneTraceparent(message.headers), trace.setSpanContext(active, preset));
    return new Sending(span, headers, this.#attributes);
  }

  #startSendSpan(
    endpoint: KafkaEndpoint,
    topic: string,
    message: DescribedMessage,
    policy: TopicPolicy,
    active: Context,
    preset: SpanContext | undefined,
  ): Span | undefined {
    const parent = preset !== undefined && !hasSpan(active) ? trace.setSpanContext(active, preset) : active;
    return this.#startSpan(`send ${policy.spanTarget}`, parent, {
      kind: preset === undefined ? SpanKind.PRODUCER : SpanKind.CLIENT,
      attributes: this.#attributesOf(endpoint, 'send', topic, message, policy.template),
      links: linksTo(preset),
    });
  }

  /**
   * Starts the span around the handling of one message, on the root context and what the message carries, as far as its
   * producer is trusted. An ambient span becomes a link.
   */
  startProcess(
    endpoint: KafkaEndpoint,
    topic: string,
    message: DescribedMessage,
    handlers: TopicHandlers = {},
  ): Delivery {
    const ambient = trace.getSpanContext(activeContext() ?? ROOT_CONTEXT);
    const headers = message.headers as KafkaHeaders | undefined;
    const creation =
      attempt('read the headers', () => extractCreationContext(headers)) ?? NO_CREATION_CONTEXT;
    const policy = this.#policyOf(topic);
    const { relation = policy.relation, trust = policy.trust, isMissing = false } = handlers;
    const base = trust === 'continue' ? creation.context : ROOT_CONTEXT;
    const isLinked = trust === 'restart' || (trust === 'continue' && relation !== 'parent');
    const attributes = this.#attributesOf(endpoint, 'process', topic, message, policy.template);
    const span = this.#startSpan(`process ${policy.spanTarget}`, base, {
      kind: SpanKind.CONSUMER,
      root: trust !== 'continue' || relation === 'link',
      attributes: isMissing ? { ...attributes, [NESTJS_KAFKA_HANDLER_MISSING]: true } : attributes,
      links: linksTo(isLinked ? creation.spanContext : undefined, ambient),
    });
    const handling = span === undefined ? base : trace.setSpan(base, span);
    return new Delivery(span, withReceived(handling, creation.spanContext));
  }

  /** Starts the span of a handler's business step, below the process span. */
  startStep(name: string, delivery: Delivery): Step {
    const parent = contextWithin(delivery);
    const span = this.#startSpan(name, parent, { kind: SpanKind.INTERNAL });
    return new Step(span, span === undefined ? parent : trace.setSpan(parent, span));
  }

  /** The headers that carry a context: a copy, or the same object where nothing is written. */
  inject(headers: unknown, context: Context): unknown {
    const written = attempt('write the headers', () => headersWithContext(headers, context)) ?? headers;
    return this.#withCorrelationId(written, context);
  }

  #withCorrelationId(headers: unknown, carried: Context): unknown {
    const name = this.options.correlationId;
    if (name === false) {
      return headers;
    }
    const written = attempt('write the headers', () => {
      const spanContext = trace.getSpanContext(carried);
      return spanContext === undefined || !isSpanContextValid(spanContext)
        ? headers
        : headersWith(headers, name, spanContext.traceId);
    });
    return written ?? headers;
  }

  #policyOf(topic: string): TopicPolicy {
    return (
      attempt('find the rule of a topic', () => this.#policies.of(topic)) ?? this.#policies.ofModule(topic)
    );
  }

  #attributesOf(...args: Parameters<SpanAttributes['ofMessage']>): Attributes {
    return attempt('describe a message', () => this.#attributes.ofMessage(...args)) ?? {};
  }

  #startSpan(name: string, parent: Context, options: SpanOptions): Span | undefined {
    return attempt('start a span', () => this.#currentTracer().startSpan(name, options, parent));
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

/**
 * The context of a handler. What is active has more in it than the delivery's own, such as what an outer interceptor put
 * there; with no context manager it is empty.
 *
 * @internal
 */
export function contextWithin(delivery: Delivery): Context {
  const active = activeContext() ?? ROOT_CONTEXT;
  return Delivery.in(active) === delivery ? active : delivery.context;
}

function keepOneTraceparent(headers: unknown): unknown {
  return attempt('write the headers', () => headersWithOneTraceparent(headers)) ?? headers;
}

function hasSpan(context: Context): boolean {
  const spanContext = trace.getSpanContext(context);
  return spanContext !== undefined && isSpanContextValid(spanContext);
}

function linksTo(...contexts: readonly (SpanContext | undefined)[]): Link[] {
  return contexts.flatMap((context) =>
    context !== undefined && isSpanContextValid(context) ? [{ context }] : [],
  );
}
