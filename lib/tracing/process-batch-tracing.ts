import { ROOT_CONTEXT, type SpanContext, SpanKind, type SpanOptions } from '@opentelemetry/api';
import type { HandledMessage } from '../kafka-tracing.options.js';
import { withReceivedBatch } from '../propagation/creation-context.js';
import type { DescribedMessage } from './attributes.js';
import type { DeliveredBatch } from './delivered-batch.js';
import { Delivery } from './delivery.js';
import { activeContext, attempt } from './fail-open.js';
import { creationOf, startProcess } from './process-tracing.js';
import { measureProcess } from './measurement.js';
import { MESSAGING_BATCH_MESSAGE_COUNT, NESTJS_KAFKA_DELIVERY_ATTEMPT } from './semconv.js';
import { linksTo, spanContextOf } from './span-starter.js';
import type { TopicPolicy } from './topic-policies.js';
import { NO_SPAN, type TracedSpan } from './traced-span.js';
import type { TracingCore } from './tracing-core.js';

/**
 * What the handling of a batch looks like as a span: a root, which links to each of its messages.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-receiving
 * @internal
 */
export function startProcessBatch(core: TracingCore, batch: DeliveredBatch): Delivery {
  const policy = core.policyOf(batch.topic);
  const span = policy.trace ? batchSpan(core, batch, policy) : NO_SPAN;
  const context = policy.propagate
    ? withReceivedBatch(ROOT_CONTEXT, () => creationsOf(batch.messages))
    : ROOT_CONTEXT;
  const handling = span.in(context);
  const counted = { topic: batch.topic, policy, count: batch.messages.length };
  const first = batch.messages.filter((message) => batch.seen(message) === 1);
  return new Delivery(span, handling, {
    isExpected: core.isExpected(batch.topic),
    attempts: batch.attempt.count,
    batch,
    measured: measureProcess(batch.endpoint, counted, first, handling),
  });
}

function batchSpan(core: TracingCore, batch: DeliveredBatch, policy: TopicPolicy): TracedSpan {
  const { endpoint, topic, partition, messages, attempt: delivered } = batch;
  const attributes =
    attempt('describe a batch', () => ({
      ...core.attributes.ofTopic(endpoint, 'process', topic, policy.template),
      ...core.attributes.ofPosition(partition, undefined),
    })) ?? {};
  attributes[MESSAGING_BATCH_MESSAGE_COUNT] = messages.length;
  if (delivered.count > 1) {
    attributes[NESTJS_KAFKA_DELIVERY_ATTEMPT] = delivered.count;
  }
  const options: SpanOptions = {
    kind: SpanKind.CONSUMER,
    root: true,
    attributes,
    links: linksTo([ambient(), ...linkedBy(core, messages, policy)], core.options.maxLinks),
  };
  return core.spans.start('process span', `process ${policy.spanTarget}`, options, ROOT_CONTEXT);
}

function ambient(): SpanContext | undefined {
  return spanContextOf(activeContext() ?? ROOT_CONTEXT);
}

/** Only as many are read as there may be links. */
function linkedBy(
  core: TracingCore,
  messages: readonly DescribedMessage[],
  { propagate, trust }: TopicPolicy,
): readonly (SpanContext | undefined)[] {
  return propagate && trust !== 'ignore' ? creationsOf(messages.slice(0, core.options.maxLinks)) : [];
}

function creationsOf(messages: readonly DescribedMessage[]): readonly (SpanContext | undefined)[] {
  return messages.map((message) => creationOf(message).spanContext);
}

/**
 * Starts the span of one message of a batch: related to its creation context as any other, and linked to the batch.
 *
 * @internal
 */
export function startProcessInBatch(
  core: TracingCore,
  delivery: Delivery,
  message: DescribedMessage,
): Delivery {
  const batch = delivery.batch as DeliveredBatch;
  const { endpoint, topic, partition } = batch;
  return startProcess(core, {
    endpoint,
    topic,
    message: { ...message, partition },
    handled: { topic, partition, message: message as HandledMessage['message'] },
    seen: batch.seen(message),
    batch: delivery,
  });
}
