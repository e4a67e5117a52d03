import { settle } from '../kafkajs/settle.js';
import type { DescribedMessage } from '../tracing/attributes.js';
import { Delivery } from '../tracing/delivery.js';
import { activeContext, within } from '../tracing/fail-open.js';
import type { KafkaTracer } from '../tracing/kafka-tracer.js';

/**
 * Starts the process span of a message of the batch that is being handled; `undefined` for any other message.
 *
 * @internal
 */
export function startInBatch(
  tracer: KafkaTracer | undefined,
  candidate: DescribedMessage,
): Delivery | undefined {
  const delivery = Delivery.in(activeContext());
  const message = delivery?.batch?.find(candidate);
  return delivery === undefined || message === undefined
    ? undefined
    : tracer?.startProcessInBatch(delivery, message);
}

/**
 * Runs what handles a message, in its context, and ends its span when that is done.
 *
 * @internal
 */
export function runDelivery<T>(delivery: Delivery, handle: () => T): T {
  let result: T;
  try {
    result = within(delivery.context, handle);
  } catch (error) {
    delivery.failed(error);
    throw error;
  }
  if (isThenable(result)) {
    return settle(delivery, () => Promise.resolve(result)) as T;
  }
  delivery.succeeded();
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
