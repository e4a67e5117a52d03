import { KafkaContext } from '@nestjs/microservices';
import type { HandledMessage } from '../../messages.js';
import type { Trust } from '../../topic.options.js';
import { extractCreationContext } from '../../propagation/creation-context.js';
import { isCarrier } from '../../propagation/kafka-headers.js';
import { isEcho } from '../../propagation/received-messages.js';
import { attemptsSaidBy } from '../../tracing/processing/delivery-attempts.js';
import { type Delivered, Delivery, handledOf } from '../../tracing/processing/delivery.js';
import { deliveredOf, deliveryOf } from '../../tracing/processing/remembered-delivery.js';
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
 * The same for a handler that is about to run. Where a strategy hands over a context again, what the interceptor opened the
 * first time is over.
 *
 * @internal
 */
export function deliveryToHandle(kafka: KafkaContext): Delivery | undefined {
  const opened = openedDelivery(kafka);
  return opened?.hasEnded === true && opened === deliveryOf(kafka) ? undefined : opened;
}

/**
 * Whether our driver saw the message that is handled in this context, with or without a span for it.
 *
 * @internal
 */
export function isSeenByDriver(kafka: KafkaContext): boolean {
  const heartbeat: unknown = kafka.getHeartbeat();
  return typeof heartbeat === 'function' && deliveredOf(heartbeat) !== undefined;
}

/**
 * Whether these headers were copied from what is being handled, of a topic whose producers are not trusted.
 *
 * @internal
 */
export function isHandledForStranger(headers: unknown): boolean {
  const active = activeContext();
  return (
    active !== undefined &&
    (Delivery.in(active)?.trust ?? 'continue') !== 'continue' &&
    isCarrier(headers) &&
    isEcho(active, headers, (given) => extractCreationContext(given).spanContext)
  );
}

/**
 * The message that is handled, as kafkajs received it where our driver saw it, how often it was delivered, and how far its
 * producer is trusted.
 *
 * @param given the context of a handler, or what kafkajs gave to `eachMessage`, or a message of a batch
 * @param trustOf what the rules say of a topic, where no delivery is known
 * @internal
 */
export function handledIn(
  given: KafkaContext | HandledMessage,
  trustOf: (topic: string) => Trust | undefined,
): {
  readonly handled: HandledMessage;
  readonly attempts: number;
  readonly trust: Trust;
} {
  const isOfHandler = given instanceof KafkaContext;
  const message = isOfHandler ? parsedMessageOf(given) : given;
  const delivery = (isOfHandler ? openedDelivery(given) : undefined) ?? deliveryIn(message);
  const untraced = delivery === undefined ? deliveredIn(given) : undefined;
  const handled = delivery?.handled ?? (untraced && handledOf(untraced)) ?? message;
  const trust = delivery?.trust ?? trustOf(handled.topic) ?? 'continue';
  const said = trust === 'continue' ? attemptsSaidBy(handled.message.headers) : 0;
  const attempts = delivery?.handled
    ? delivery.attempts
    : (delivery?.batch?.seen(handled.message) ?? untraced?.seen ?? 1) + said;
  return { handled, attempts, trust };
}

/**
 * The same, as far as it is known without any of what was traced. A producer of whom nothing is known is not trusted.
 *
 * @internal
 */
export function handledBy(given: KafkaContext | HandledMessage): ReturnType<typeof handledIn> {
  const handled = given instanceof KafkaContext ? parsedMessageOf(given) : given;
  return { handled, attempts: 1, trust: 'ignore' };
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

/** The delivery, or the batch, that a message of plain kafkajs is part of. */
function deliveryIn(handled: HandledMessage): Delivery | undefined {
  const { message, heartbeat } = handled as HandledMessage & { readonly heartbeat?: unknown };
  const delivery = ofHeartbeat(heartbeat) ?? Delivery.in(activeContext());
  const isPart = delivery?.handled?.message === message || delivery?.batch?.find(message) !== undefined;
  return isPart ? delivery : undefined;
}

/** The message that is handled where nothing is registered to trace it with. */
function deliveredIn(given: KafkaContext | HandledMessage): Delivered | undefined {
  const isOfHandler = given instanceof KafkaContext;
  const heartbeat: unknown = isOfHandler
    ? given.getHeartbeat()
    : (given as HandledMessage & { readonly heartbeat?: unknown }).heartbeat;
  const delivered = typeof heartbeat === 'function' ? deliveredOf(heartbeat) : undefined;
  return isOfHandler || delivered?.message === given.message ? delivered : undefined;
}

function ofHeartbeat(heartbeat: unknown): Delivery | undefined {
  return typeof heartbeat === 'function' ? deliveryOf(heartbeat) : undefined;
}
