import { KafkaContext } from '@nestjs/microservices';
import type { HandledMessage } from '../../kafka-tracing.options.js';
import { attemptsSaidBy } from '../../tracing/processing/delivery-attempts.js';
import { Delivery, deliveryOf } from '../../tracing/processing/delivery.js';
import { activeContext } from '../../tracing/fail-open.js';

/**
 * The delivery that the driver opened, found by its heartbeat, of which kafkajs makes one for each, or that an interceptor
 * opened for this context. A heartbeat that several messages share, as those of a batch do, tells nothing.
 *
 * @internal
 */
export function openedDelivery(kafka: KafkaContext): Delivery | undefined {
  return ofHeartbeat(kafka.getHeartbeat()) ?? deliveryOf(kafka);
}

/**
 * The message that is handled, as kafkajs received it where our driver saw it, and how often it was delivered.
 *
 * @param given the context of a handler, or what kafkajs gave to `eachMessage`, or a message of a batch
 * @internal
 */
export function handledIn(given: KafkaContext | HandledMessage): {
  readonly handled: HandledMessage;
  readonly attempts: number;
} {
  if (!(given instanceof KafkaContext)) {
    return { handled: given, attempts: attemptsOf(given) };
  }
  const delivery = openedDelivery(given);
  const handled = delivery?.handled ?? parsedMessageOf(given);
  return { handled, attempts: delivery?.attempts ?? attemptsOf(handled) };
}

/**
 * The message that a handler handles, as Nest parsed it.
 *
 * @internal
 */
export function parsedMessageOf(kafka: KafkaContext): HandledMessage {
  const message = kafka.getMessage() as HandledMessage['message'];
  return { topic: kafka.getTopic(), partition: kafka.getPartition(), message };
}

/** As the delivery says that it is part of; else as far as the message says so itself. */
function attemptsOf(handled: HandledMessage): number {
  const { message, heartbeat } = handled as HandledMessage & { readonly heartbeat?: unknown };
  const delivery = ofHeartbeat(heartbeat) ?? Delivery.in(activeContext());
  if (delivery?.handled?.message === message) {
    return delivery.attempts;
  }
  const seen = delivery?.batch?.find(message) === undefined ? 1 : delivery.batch.seen(message);
  return seen + attemptsSaidBy(message.headers);
}

function ofHeartbeat(heartbeat: unknown): Delivery | undefined {
  return typeof heartbeat === 'function' ? deliveryOf(heartbeat) : undefined;
}
