import type { KafkaContext } from '@nestjs/microservices';
import type { HandledMessage } from '../kafka-tracing.options.js';
import { attemptsSaidBy } from '../tracing/delivery-attempts.js';
import { type Delivery, deliveryOf } from '../tracing/delivery.js';

/**
 * The delivery that the driver opened, found by its heartbeat, of which kafkajs makes one for each, or that an interceptor
 * opened for this context. A heartbeat that several messages share, as those of a batch do, tells nothing.
 *
 * @internal
 */
export function openedDelivery(kafka: KafkaContext): Delivery | undefined {
  const heartbeat: unknown = kafka.getHeartbeat();
  const ofDriver = typeof heartbeat === 'function' ? deliveryOf(heartbeat) : undefined;
  return ofDriver ?? deliveryOf(kafka);
}

/**
 * The message that a handler handles, as kafkajs received it where our driver saw it, and how often it was delivered.
 *
 * @internal
 */
export function handledIn(kafka: KafkaContext): {
  readonly handled: HandledMessage;
  readonly attempts: number;
} {
  const delivery = openedDelivery(kafka);
  const handled = delivery?.handled ?? parsedMessageOf(kafka);
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

/**
 * How often a message was delivered, as far as it says so itself.
 *
 * @internal
 */
export function attemptsOf({ message }: HandledMessage): number {
  return 1 + attemptsSaidBy(message.headers);
}
