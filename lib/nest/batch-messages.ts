import { settle } from '../kafkajs/settle.js';
import type { DescribedMessage } from '../tracing/attributes.js';
import { Delivery } from '../tracing/processing/delivery.js';
import { activeContext, attempt, isThenable, startWithin } from '../tracing/fail-open.js';

/**
 * Starts the process span of a message of the batch that is being handled; `undefined` for any other message.
 *
 * @internal
 */
export function startInBatch(candidate: DescribedMessage): Delivery | undefined {
  return Delivery.in(activeContext())?.startOf?.(candidate);
}

/**
 * Runs what handles a message, in its context, and ends its span when that is done.
 *
 * @internal
 */
export function runDelivery<T>(delivery: Delivery, handle: () => T): T {
  let result: T;
  try {
    result = startWithin(delivery.context, handle);
  } catch (error) {
    attempt('tell that a message failed', () => delivery.failed(error));
    throw error;
  }
  if (isThenable(result)) {
    return settle(delivery, () => result as unknown as Promise<unknown>) as T; // `startWithin` has made it one.
  }
  attempt('tell that a message was handled', () => delivery.succeeded());
  return result;
}
