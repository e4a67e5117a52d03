import { EventPattern } from '@nestjs/microservices';
import { isRegExp } from 'node:util/types';
import { InvalidOptionError } from '../../errors/index.js';
import type { TracedEventOptions } from './traced-event.options.js';

// Nest's key for what a pattern decorator is given besides the pattern; it comes back as the handler's `extras`.
const PATTERN_EXTRAS_METADATA = 'microservices:pattern_extras';
const TRACED_EVENT = Symbol.for('nestjs-kafka-tracing.traced-event');

/**
 * Says how a Kafka handler's business step looks in a trace. It stands beside `@EventPattern` or `@MessagePattern`, above or
 * below.
 *
 * It sets metadata only: the method stays as it is, and has any signature. Handlers without it are traced as well.
 *
 * @param options the step's span and attributes
 * @example
 * ```ts
 * \@EventPattern<string>('order-events')
 * \@TracedEvent({ span: 'process_order_event' })
 * handle(order: OrderCreated): void {}
 * ```
 * @see https://docs.nestjs.com/microservices/kafka
 * @publicApi
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as in Nest's handlers: a callback may leave out its parameter's type
export function TracedEvent<TPayload = any>(options?: TracedEventOptions<TPayload>): MethodDecorator;
/**
 * Handles a topic's events, and says how the business step looks in a trace: `@EventPattern(topic)` and
 * `@TracedEvent(options)` in one.
 *
 * @param topic the topic, or a regular expression for topics
 * @param options the step's span and attributes
 * @example
 * ```ts
 * \@TracedEvent('order-events', { span: 'process_order_event', attributes: (order) => ({ 'order.id': order.id }) })
 * handle(order: OrderCreated): void {}
 * ```
 * @see https://docs.nestjs.com/microservices/kafka
 * @publicApi
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as in Nest's handlers: a callback may leave out its parameter's type
export function TracedEvent<TPayload = any>(
  topic: string | RegExp,
  options?: TracedEventOptions<TPayload>,
): MethodDecorator;
export function TracedEvent(
  topicOrOptions: string | RegExp | TracedEventOptions = {},
  maybeOptions: TracedEventOptions = {},
): MethodDecorator {
  if (isRegExp(topicOrOptions) || (typeof topicOrOptions === 'string' && topicOrOptions !== '')) {
    return EventPattern<string | RegExp>(topicOrOptions, { [TRACED_EVENT]: maybeOptions });
  }
  if (typeof topicOrOptions !== 'object' || topicOrOptions === null || Array.isArray(topicOrOptions)) {
    const cure = "Pass @TracedEvent('order-events', options), or @TracedEvent(options) beside @EventPattern.";
    throw new InvalidOptionError('topic of @TracedEvent', 'to be a topic or options', topicOrOptions, cure);
  }
  return addToExtras(topicOrOptions);
}

function addToExtras(options: TracedEventOptions): MethodDecorator {
  return (_target, _key, descriptor: PropertyDescriptor) => {
    const handler = descriptor.value as object;
    const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, handler) as object | undefined;
    Reflect.defineMetadata(PATTERN_EXTRAS_METADATA, { ...extras, [TRACED_EVENT]: options }, handler);
  };
}

/** @internal */
export function tracedEventOptionsOf(handler: object): TracedEventOptions | undefined {
  return tracedEventOptionsIn(Reflect.getMetadata(PATTERN_EXTRAS_METADATA, handler));
}

/**
 * The options in what Nest calls a handler's extras.
 *
 * @internal
 */
export function tracedEventOptionsIn(extras: unknown): TracedEventOptions | undefined {
  return (extras as { readonly [TRACED_EVENT]?: TracedEventOptions } | undefined)?.[TRACED_EVENT];
}
