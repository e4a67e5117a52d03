import type { Attributes, Context } from '@opentelemetry/api';
import type { ContextFields } from '../propagation/context-fields.js';
import { headersWith, headersWithContext } from '../propagation/header-policy.js';
import type { Inject } from '../propagation/injection.js';
import { propagationLimiter } from '../propagation/propagation-limiter.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { type DescribedMessage, type KafkaEndpoint, SpanAttributes } from './attributes.js';
import type { Operation } from './operation.js';
import { attempt, report } from './fail-open.js';
import { ask } from './hooks.js';
import { kafkaMetrics } from './kafka-metrics.js';
import type { OpenSpans } from './open-spans.js';
import { SpanStarter, spanContextOf } from './span-starter.js';
import { TopicPolicies, type TopicPolicy } from './topic-policies.js';
import type { TracedSpan } from './traced-span.js';

/**
 * What the parts of a tracer have in common: the options of one application, and all that is made of them once.
 *
 * @internal
 */
export class TracingCore {
  readonly spans: SpanStarter;
  readonly attributes: SpanAttributes;
  readonly #policies: TopicPolicies;
  readonly #limiter: (context: Context) => Context;

  constructor(
    readonly options: ResolvedOptions,
    openSpans: () => OpenSpans | undefined,
  ) {
    this.spans = new SpanStarter(openSpans);
    this.attributes = new SpanAttributes(options);
    this.#policies = new TopicPolicies(options);
    this.#limiter = propagationLimiter(options, (field, count) => kafkaMetrics.dropped(field, count));
  }

  policyOf(topic: string): TopicPolicy {
    return this.#policies.of(topic);
  }

  /** What a span of one message is created with. */
  describe(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string,
    policy: TopicPolicy,
    at: Pick<DescribedMessage, 'partition'>,
  ): Attributes {
    try {
      return this.attributes.ofTopic(endpoint, operation, topic, policy.template, at.partition);
    } catch (error) {
      report('describe a topic', error);
      return {};
    }
  }

  /** What is said of a message itself, only where its span is recorded. */
  describeFurther(span: TracedSpan, message: DescribedMessage, policy: TopicPolicy): void {
    if (!span.isRecording) {
      return;
    }
    try {
      span.setAttributes(this.attributes.ofMessage(message, policy.messageKey));
    } catch (error) {
      report('describe a message', error);
    }
  }

  /** Says which errors of a topic's deliveries are part of the business; `undefined` where every one is a failure. */
  isExpected(topic: string): ((error: unknown) => boolean) | undefined {
    const { classifyError } = this.options;
    return classifyError === undefined
      ? undefined
      : (error) => ask('classify an error', () => classifyError(error, topic)) === 'expected';
  }

  /** No more baggage and tracestate than the options allow. */
  limit(context: Context): Context {
    try {
      return this.#limiter(context);
    } catch (error) {
      report('limit what is propagated', error);
      return context;
    }
  }

  /** The headers that carry a context: a copy, or the same object where nothing is written. */
  inject(headers: unknown, context: Context, fields?: ContextFields, injected?: Inject): unknown {
    let written = headers;
    try {
      written = headersWithContext(headers, this.limit(context), fields, injected);
    } catch (error) {
      report('write the headers', error);
    }
    return this.withCorrelationId(written, context);
  }

  withCorrelationId(headers: unknown, carried: Context): unknown {
    const name = this.options.correlationId;
    if (name === false) {
      return headers;
    }
    const written = attempt('write the headers', () => {
      const spanContext = spanContextOf(carried);
      return spanContext === undefined ? headers : headersWith(headers, name, spanContext.traceId);
    });
    return written ?? headers;
  }
}
