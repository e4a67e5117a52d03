import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, type SpanOptions } from '@opentelemetry/api';
import type { HandledMessage } from '../../messages.js';
import type { Trust } from '../../topic.options.js';
import {
  type CreationContext,
  NO_CREATION_CONTEXT,
  extractCreationContext,
} from '../../propagation/creation-context.js';
import type { KafkaHeaders } from '../../propagation/kafka-headers.js';
import { receivedOf } from '../../propagation/received-messages.js';
import type { DescribedMessage, KafkaEndpoint } from '../attributes.js';
import { attemptsSaidBy } from './delivery-attempts.js';
import { Delivery } from './delivery.js';
import { activeContext, report } from '../fail-open.js';
import { callHook } from '../hooks.js';
import { type Measurement, measureProcess } from '../metrics/measurement.js';
import { NESTJS_KAFKA_DELIVERY_ATTEMPT, NESTJS_KAFKA_HANDLER_MISSING } from '../semconv.js';
import { originalOf } from '../sending/send-tracing.js';
import { linksTo, spanContextOf } from '../span-starter.js';
import type { TopicHandlers, TopicPolicy } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';

/**
 * A message that is to be handled.
 *
 * @internal
 */
export interface Delivered {
  readonly endpoint: KafkaEndpoint;
  readonly topic: string;
  /** With its partition. */
  readonly message: DescribedMessage;
  /** The message as kafkajs received it. */
  readonly handled?: HandledMessage | undefined;
  readonly handlers?: TopicHandlers | undefined;
  /** How often this process saw it in a row, this time included. */
  readonly seen?: number | undefined;
  /** The batch that the message is part of. */
  readonly batch?: Delivery | undefined;
}

/**
 * What the handling of one message looks like as a span: on the root context and what the message carries, as far as its
 * producer is trusted. An ambient span becomes a link.
 *
 * @internal
 */
export function startProcess(core: TracingCore, delivered: Delivered): Delivery {
  const { topic, message, handlers = {} } = delivered;
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
    handled: delivered.handled,
    trust,
    attempts,
    // A message of a batch may be forwarded together with others.
    received: delivered.batch ? delivered.batch.received : receivedOf(message.headers, creation),
    measured: delivered.batch === undefined ? measure(delivered, policy, context) : undefined,
  });
}

/**
 * How far the producers of a topic are trusted: not at all where the context is not to go through it.
 *
 * @internal
 */
export function trustIn(policy: TopicPolicy, handlers: TopicHandlers = {}): Trust {
  return policy.propagate ? (handlers.trust ?? policy.trust) : 'ignore';
}

/** A message of a batch was counted with the batch. */
function measure(delivered: Delivered, policy: TopicPolicy, context: Context): Measurement | undefined {
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
  const { endpoint, topic, message, handlers = {} } = delivered;
  const { relation = policy.relation } = handlers;
  const isLinked = trust === 'restart' || (trust === 'continue' && relation !== 'parent');
  const original = trust === 'ignore' ? undefined : originalOf(message, policy);
  const ambient = spanContextOf(activeContext() ?? ROOT_CONTEXT);
  const options: SpanOptions = {
    kind: SpanKind.CONSUMER,
    root: trust !== 'continue' || relation === 'link',
    attributes: withDelivery(core.describe(endpoint, 'process', topic, message, policy), handlers, attempts),
    links: linksTo([
      isLinked ? creation.spanContext : undefined,
      delivered.batch?.span.spanContext,
      ambient,
      original,
    ]),
  };
  return core.spans.start('process span', `process ${policy.spanTarget}`, options, base);
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
  { message, handled }: Delivered,
  policy: TopicPolicy,
): void {
  core.describeFurther(span, message, policy);
  if (handled !== undefined) {
    callHook('onProcess', core.options.onProcess, span, handled);
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
