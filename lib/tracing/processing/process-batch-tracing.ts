import { type Link, ROOT_CONTEXT, SpanKind, type SpanOptions } from '@opentelemetry/api';
import { type ReceivedMessage, ReceivedMessages } from '../../propagation/received-messages.js';
import type { DescribedMessage } from '../attributes.js';
import type { DeliveredBatch } from './delivered-batch.js';
import { Delivery } from './delivery.js';
import { activeContext, attempt } from '../fail-open.js';
import { creationOf, startProcess, trustIn } from './process-tracing.js';
import { measureProcess } from '../metrics/measurement.js';
import { originalOf } from '../sending/send-tracing.js';
import { MESSAGING_BATCH_MESSAGE_COUNT, NESTJS_KAFKA_DELIVERY_ATTEMPT } from '../semconv.js';
import { SpanLinks } from '../links.js';
import { spanContextOf } from '../span-starter.js';
import { type TopicPolicy, spanName } from '../topic-policies.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';

/**
 * What the handling of a batch looks like as a span: a root, which links to each of its messages. A message of it that is
 * handled by itself has a span of its own.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-receiving
 * @internal
 */
export function startProcessBatch(core: TracingCore, batch: DeliveredBatch): Delivery {
  const policy = core.policyOf(batch.topic);
  const span = policy.trace ? batchSpan(core, batch, policy) : NO_SPAN;
  const handling = span.in(ROOT_CONTEXT);
  const counted = { topic: batch.topic, policy, count: batch.messages.length };
  const delivery: Delivery = new Delivery(span, handling, {
    isExpected: core.isExpected(batch.topic),
    trust: trustIn(policy),
    attempts: batch.attempt.count,
    batch,
    received: new ReceivedMessages({ [Symbol.iterator]: () => receivedIn(batch) }),
    startOf: (candidate) => startOf(core, delivery, batch, candidate),
    measured: measureProcess(batch.endpoint, counted, seenFirst(batch), handling),
  });
  return delivery;
}

function* seenFirst(batch: DeliveredBatch): Iterable<DescribedMessage> {
  for (const message of batch.messages) {
    if (batch.seen(message) === 1) {
      yield message;
    }
  }
}

function batchSpan(core: TracingCore, batch: DeliveredBatch, policy: TopicPolicy): TracedSpan {
  const { endpoint, topic, partition, messages, attempt: delivered } = batch;
  const attributes =
    attempt('describe a batch', () =>
      core.attributes.ofTopic(endpoint, 'process', topic, policy.template, partition),
    ) ?? {};
  attributes[MESSAGING_BATCH_MESSAGE_COUNT] = messages.length;
  if (delivered.count > 1) {
    attributes[NESTJS_KAFKA_DELIVERY_ATTEMPT] = delivered.count;
  }
  const options: SpanOptions = {
    kind: SpanKind.CONSUMER,
    root: true,
    attributes,
    links: linksOf(messages, policy, core.options.maxLinks),
  };
  return core.spans.start('process span', spanName('process', topic, policy), options, ROOT_CONTEXT);
}

/** They are read one by one, as long as there may be more links. */
function linksOf(messages: readonly DescribedMessage[], policy: TopicPolicy, most: number): Link[] {
  const links = new SpanLinks(most);
  links.add(spanContextOf(activeContext() ?? ROOT_CONTEXT));
  if (trustIn(policy) === 'ignore') {
    return links.all;
  }
  for (const message of messages) {
    if (links.isFull) {
      break;
    }
    links.add(creationOf(message).spanContext);
  }
  for (const message of messages) {
    if (links.isFull) {
      break;
    }
    links.add(originalOf(message, policy));
  }
  return links.all;
}

function* receivedIn({ messages }: DeliveredBatch): Iterator<ReceivedMessage> {
  for (const message of messages) {
    yield { headers: message.headers, spanContext: creationOf(message).spanContext };
  }
}

/** One message of a batch: related to its creation context as any other, and linked to the batch. */
function startOf(
  core: TracingCore,
  delivery: Delivery,
  batch: DeliveredBatch,
  candidate: DescribedMessage,
): Delivery | undefined {
  const message = batch.find(candidate);
  if (message === undefined) {
    return undefined;
  }
  const { endpoint, topic, partition } = batch;
  return startProcess(core, {
    endpoint,
    topic,
    partition,
    message,
    seen: batch.seen(message),
    batch: delivery,
  });
}
