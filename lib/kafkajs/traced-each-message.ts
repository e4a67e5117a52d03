import type { EachMessageHandler, EachMessagePayload } from 'kafkajs';
import { type Delivery, rememberDelivery } from '../tracing/processing/delivery.js';
import { attempt, startWithin } from '../tracing/fail-open.js';
import { settle } from './settle.js';
import type { ConsumerTracing } from './consumer-tracing.js';

/** @internal */
export function traceEachMessage(
  eachMessage: EachMessageHandler,
  tracing: ConsumerTracing,
): EachMessageHandler {
  return function tracedEachMessage(this: unknown, payload: EachMessagePayload): Promise<void> {
    const delivery = attempt('trace a delivery', () => startDelivery(tracing, payload));
    return delivery === undefined
      ? eachMessage.call(this, payload)
      : settle(delivery, () => startWithin(delivery.context, () => eachMessage.call(this, payload)));
  };
}

function startDelivery(tracing: ConsumerTracing, payload: EachMessagePayload): Delivery | undefined {
  const tracer = tracing.tracer();
  if (tracer === undefined) {
    return undefined;
  }
  const { topic, partition, message, heartbeat } = payload;
  const { key, value, headers, offset, timestamp } = message;
  const handlers = tracing.handlersOf?.(topic);
  const delivery = tracer.startProcess({
    endpoint: tracing.group,
    topic,
    message: { key, value, headers, offset, partition, timestamp },
    handled: { topic, partition, message },
    handlers,
    seen: tracing.attempts.next(topic, partition, offset).count,
  });
  rememberDelivery(heartbeat, delivery); // kafkajs makes one for each message.
  if (handlers?.isMissing === true && expectsReply(headers)) {
    delivery.failUnhandled('There is no handler for this request.');
  }
  return delivery;
}

/** As Nest's server sees it: a message with both headers is a request. */
function expectsReply(headers: EachMessagePayload['message']['headers']): boolean {
  return Boolean(headers?.['kafka_correlationId']) && Boolean(headers?.['kafka_replyTopic']);
}
