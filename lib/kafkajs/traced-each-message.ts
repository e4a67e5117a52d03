import type { EachMessageHandler, EachMessagePayload } from 'kafkajs';
import type { Delivered, Delivery } from '../tracing/processing/delivery.js';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import { rememberDelivery } from '../tracing/processing/remembered-delivery.js';
import { report, startWithin } from '../tracing/fail-open.js';
import { isAnythingRegistered } from '../tracing/registered-sdk.js';
import { settle } from './settle.js';
import type { ConsumerTracing } from './consumer-tracing.js';

/** @internal */
export function traceEachMessage(
  eachMessage: EachMessageHandler,
  tracing: ConsumerTracing,
): EachMessageHandler {
  return function tracedEachMessage(this: unknown, payload: EachMessagePayload): Promise<void> {
    const delivery = startDelivery(tracing, payload);
    return delivery === undefined
      ? eachMessage.call(this, payload)
      : settle(delivery, () => startWithin(delivery.context, () => eachMessage.call(this, payload)));
  };
}

function startDelivery(tracing: ConsumerTracing, payload: EachMessagePayload): Delivery | undefined {
  try {
    const tracer = tracing.tracer();
    if (tracer === undefined) {
      return undefined;
    }
    const { topic, partition, message, heartbeat } = payload;
    const delivered: Delivered = {
      endpoint: tracing.group,
      topic,
      partition,
      message,
      handlers: tracing.handlersOf?.(topic),
      seen: tracing.attempts.next(topic, partition, message.offset),
    };
    if (!isAnythingRegistered()) {
      rememberDelivery(heartbeat, delivered); // A dead letter tells of it.
      return undefined;
    }
    const delivery = tracer.startProcess(delivered);
    introduce(delivery, delivered, heartbeat);
    return delivery;
  } catch (error) {
    report('trace a delivery', error);
    return undefined;
  }
}

/** Its span has begun, and is to end also where this fails. */
function introduce(delivery: Delivery, { handlers, message }: Delivered, heartbeat: object): void {
  try {
    rememberDelivery(heartbeat, delivery); // kafkajs makes one for each message.
    if (handlers?.isMissing === true && expectsReply(message.headers)) {
      delivery.failUnhandled('There is no handler for this request.');
    }
  } catch (error) {
    report('make a delivery known', error);
  }
}

/** As Nest's server sees it: a message with both headers is a request. */
function expectsReply(headers: unknown): boolean {
  const { kafka_correlationId: id, kafka_replyTopic: topic } = (headers ?? {}) as KafkaHeaders;
  return Boolean(id) && Boolean(topic);
}
