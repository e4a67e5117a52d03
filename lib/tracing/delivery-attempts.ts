import { headerText, isCarrier } from '../propagation/kafka-headers.js';

/** The header in which a dead letter, or a retry, says how often its message was delivered before. */
export const DELIVERY_ATTEMPT = 'x-delivery-attempt';

/**
 * How often a message was delivered before it was sent again, as its header says; 0 where it says nothing credible.
 *
 * @internal
 */
export function attemptsSaidBy(headers: unknown): number {
  if (!isCarrier(headers) || !Object.hasOwn(headers, DELIVERY_ATTEMPT)) {
    return 0;
  }
  const value = headers[DELIVERY_ATTEMPT];
  const text = headerText(Array.isArray(value) ? value.at(-1) : value) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/**
 * How often the first message of what was handed over has been handed over in a row, this time included.
 *
 * @internal
 */
export interface Attempt {
  readonly count: number;
  /** The last offset that was handed over before, too; -1 for none. */
  readonly seenUntil: number;
}

interface HandedOver {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/**
 * Counts how often in a row a consumer was handed the same message: kafkajs hands it over again when its handler fails. It
 * remembers one message, or batch, for each partition.
 *
 * @internal
 */
export class DeliveryAttempts {
  readonly #topics = new Map<string, Map<number, HandedOver>>();

  /** A message, or a batch from `firstOffset` to `lastOffset`, is handed over. */
  next(topic: string, partition: number, firstOffset: string, lastOffset = firstOffset): Attempt {
    const [first, last] = [Number(firstOffset), Number(lastOffset)];
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    const before = partitions.get(partition);
    const isAgain = before !== undefined && first >= before.first && first <= before.last;
    const attempt = isAgain
      ? { count: before.count + 1, seenUntil: before.last }
      : { count: 1, seenUntil: -1 };
    partitions.set(partition, { first, last, count: attempt.count });
    return attempt;
  }
}
