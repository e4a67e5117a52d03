import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, type SpanOptions } from '@opentelemetry/api';
import type { Trust } from '../../topic.options.js';
import {
  type CreationContext,
  NO_CREATION_CONTEXT,
  extractCreationContext,
} from '../../propagation/creation-context.js';
import type { KafkaHeaders } from '../../propagation/kafka-headers.js';
import type { DescribedMessage } from '../attributes.js';
import { attemptsSaidBy } from './delivery-attempts.js';
import { type Delivered, Delivery, handledOf } from './delivery.js';
import { activeContext, report } from '../fail-open.js';
import { callHook } from '../hooks.js';
import { kafkaMetrics } from '../kafka-metrics.js';
import { type Measurement, measureProcess } from '../metrics/measurement.js';
import { NESTJS_KAFKA_DELIVERY_ATTEMPT, NESTJS_KAFKA_HANDLER_MISSING } from '../semconv.js';
import { originalOf } from '../sending/send-tracing.js';
import { SpanLinks } from '../links.js';
import { spanContextOf } from '../span-starter.js';
import { type TopicHandlers, type TopicPolicy, spanName } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';

/**
 * What the handling of one message looks like as a span: on the root context and what the message carries, as far as its
 * producer is trusted. An ambient span becomes a link.
 *
 * @internal
 */
export function startProcess(core: TracingCore, delivered: Delivered): Delivery {
  const { topic, message, handlers = UNSAID, batch } = delivered;
  const policy = core.policyOf(topic);
  const creation = creationOf(message); // Whatever the trust: it is known again where its headers are copied.
  const trust = trustIn(policy, handlers);
  const base = trust === 'continue' ? core.limit(creation.context) : ROOT_CONTEXT;
  const attempts = (delivered.seen ?? 1) + (trust === 'continue' ? attemptsSaidBy(message.headers) : 0);
  const span =
    (handlers.trace ?? policy.trace)
      ? processSpan(core, delivered, policy, trust, creation, base, attempts)
      : NO_SPAN;
  describeFurther(core, span, delivered, policy);
  const context = span.in(base);
  return new Delivery(span, context, {
    isExpected: core.isExpected(topic),
    delivered,
    creation,
    trust,
    attempts,
    received: batch?.received, // A message of a batch may be forwarded together with others.
    measured: batch === undefined ? measure(delivered, policy, context) : undefined,
  });
}

const UNSAID: TopicHandlers = {};

/**
 * How far the producers of a topic are trusted: not at all where the context is not to go through it.
 *
 * @internal
 */
export function trustIn(policy: TopicPolicy, handlers: TopicHandlers = UNSAID): Trust {
  return policy.propagate ? (handlers.trust ?? policy.trust) : 'ignore';
}

/** A message of a batch was counted with the batch. */
function measure(delivered: Delivered, policy: TopicPolicy, context: Context): Measurement | undefined {
  if (!kafkaMetrics.isOn()) {
    return undefined;
  }
  const { endpoint, topic, message, seen = 1 } = delivered;
  return measureProcess(endpoint, { topic, policy, count: 1 }, seen === 1 ? [message] : [], context);
}

function processSpan(
  core: TracingCore,
  delivered: Delivered,
  policy: TopicPolicy,
  trust: Trust,
  creation: CreationContext,
  base: Context,
  attempts: number,
): TracedSpan {
  const { endpoint, topic, message, handlers = UNSAID } = delivered;
  const { relation = policy.relation } = handlers;
  const isChild = trust === 'continue' && relation !== 'link';
  const isLinked = trust === 'restart' || (trust === 'continue' && relation !== 'parent');
  const original = trust === 'ignore' ? undefined : originalOf(message, policy);
  const ambient = spanContextOf(activeContext() ?? ROOT_CONTEXT);
  const others = [delivered.batch?.span.spanContext, ambient, original];
  // A sampler knows the parent. A link to it, too, is added where the span is recorded, unless others are to come after it.
  const isLinkedLater = isLinked && isChild && others.every((other) => other === undefined);
  const links = new SpanLinks();
  links.add(isLinked && !isLinkedLater ? creation.spanContext : undefined);
  links.addAll(others);
  const options: SpanOptions = {
    kind: SpanKind.CONSUMER,
    root: !isChild,
    attributes: withDelivery(
      core.describe(endpoint, 'process', topic, policy, delivered),
      handlers,
      attempts,
    ),
    links: links.all,
  };
  const span = core.spans.start('process span', spanName('process', topic, policy), options, base);
  if (isLinkedLater && span.isRecording) {
    span.addLink(creation.spanContext);
  }
  return span;
}

function withDelivery(attributes: Attributes, { isMissing }: TopicHandlers, attempts: number): Attributes {
  if (isMissing === true) {
    attributes[NESTJS_KAFKA_HANDLER_MISSING] = true;
  }
  if (attempts > 1) {
    attributes[NESTJS_KAFKA_DELIVERY_ATTEMPT] = attempts;
  }
  return attributes;
}

function describeFurther(
  core: TracingCore,
  span: TracedSpan,
  delivered: Delivered,
  policy: TopicPolicy,
): void {
  const { onProcess } = core.options;
  core.describeFurther(span, delivered.message, policy);
  if (onProcess !== undefined) {
    callHook('onProcess', onProcess, span, handledOf(delivered));
  }
}

/** @internal */
export function creationOf(message: DescribedMessage): CreationContext {
  const headers = message.headers as KafkaHeaders | undefined;
  try {
    return extractCreationContext(headers);
  } catch (error) {
    report('read the headers', error);
    return NO_CREATION_CONTEXT;
  }
}
