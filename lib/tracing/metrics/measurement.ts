import type { Context } from '@opentelemetry/api';
import type { DescribedMessage, KafkaEndpoint } from '../attributes.js';
import type { Operation } from '../operation.js';
import { kafkaMetrics } from '../kafka-metrics.js';
import { MetricAttributes } from './metric-attributes.js';
import type { TopicPolicy } from '../topic-policies.js';

/**
 * Something that is being measured; called when it is over, with the type of the error that it ended with.
 *
 * @internal
 */
export type Measurement = (errorType?: string) => void;

/**
 * Messages of one topic.
 *
 * @internal
 */
export interface Counted {
  readonly topic: string;
  readonly policy: TopicPolicy;
  readonly count: number;
}

const attributes = new MetricAttributes();

/**
 * Measures a send of one message from now on; `undefined` where nothing is measured, as in those below.
 *
 * @param context with the span of the send, for exemplars
 * @internal
 */
export function measureSend(
  endpoint: KafkaEndpoint,
  topic: string,
  policy: TopicPolicy,
  context: Context,
): Measurement | undefined {
  return kafkaMetrics.isOn()
    ? measureSendOfMany(endpoint, [{ topic, policy, count: 1 }], context)
    : undefined;
}

/** @internal */
export function measureSendOfMany(
  endpoint: KafkaEndpoint,
  topics: readonly Counted[],
  context: Context,
): Measurement | undefined {
  return measure((seconds, errorType) => {
    const [first, ...others] = topics;
    if (first !== undefined && others.length === 0) {
      kafkaMetrics.sent(of(endpoint, 'send', first), first.count, seconds, context, errorType);
      return;
    }
    kafkaMetrics.operated(attributes.of(endpoint, 'send', undefined), seconds, context, errorType);
    topics.forEach((one) =>
      kafkaMetrics.sentOfMany(of(endpoint, 'send', one), one.count, context, errorType),
    );
  });
}

/** @internal */
export function measureOperation(
  endpoint: KafkaEndpoint,
  operation: Operation,
  topic: string | undefined,
  template: string | undefined,
  context: Context,
): Measurement | undefined {
  return measure((seconds, errorType) =>
    kafkaMetrics.operated(attributes.of(endpoint, operation, topic, template), seconds, context, errorType),
  );
}

/**
 * Counts messages that are handed to the application, and measures their handling from now on.
 *
 * @param first those that are handed over for the first time: how long they were in Kafka is known
 * @internal
 */
export function measureProcess(
  endpoint: KafkaEndpoint,
  delivered: Counted,
  first: Iterable<DescribedMessage>,
  context: Context,
): Measurement | undefined {
  if (!kafkaMetrics.isOn()) {
    return undefined;
  }
  const described = of(endpoint, 'process', delivered);
  kafkaMetrics.consumed(described, delivered.count, context);
  for (const { timestamp } of first) {
    const sent = Number(timestamp);
    if (sent >= 0) {
      // Kafka says -1 for none.
      kafkaMetrics.queued(described, (Date.now() - sent) / MILLISECONDS, context);
    }
  }
  return measure((seconds, errorType) => kafkaMetrics.processed(described, seconds, context, errorType));
}

const MILLISECONDS = 1_000;

function measure(record: (seconds: number, errorType?: string) => void): Measurement | undefined {
  if (!kafkaMetrics.isOn()) {
    return undefined;
  }
  const start = performance.now();
  return (errorType) => record((performance.now() - start) / MILLISECONDS, errorType);
}

function of(endpoint: KafkaEndpoint, operation: Operation, { topic, policy }: Counted) {
  return attributes.of(endpoint, operation, topic, policy.template);
}
