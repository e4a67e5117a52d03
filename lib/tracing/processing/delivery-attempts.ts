import { headerText, isCarrier } from '../../propagation/kafka-headers.js';

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
 * How often what is handed over now has been handed over in a row, this time included.
 *
 * @internal
 */
export interface Attempt {
  /** Of the first message. */
  readonly count: number;
  /** Of the message with this offset. */
  readonly countOf: (offset: string | undefined) => number;
}

/** Messages that were handed over equally often: those after the run before it, up to an offset. */
interface Run {
  readonly last: number;
  readonly count: number;
}

interface HandedOver {
  readonly first: number;
  readonly runs: readonly Run[];
}

/**
 * Counts how often in a row a consumer was handed the same message: kafkajs hands it over again when its handler fails. It
 * remembers one message, or batch, for each partition, and what of the ones before it lies behind its beginning.
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
    const runs = handedOverAgain(
      before !== undefined && before.first <= first ? before.runs : [],
      first,
      last,
    );
    partitions.set(partition, { first, runs });
    return {
      count: countIn(runs, first),
      countOf: (offset) => countIn(runs, Number(offset)),
    };
  }
}

/** A batch need not end where the one before it did: how much is fetched depends on other partitions, too. */
function handedOverAgain(before: readonly Run[], first: number, last: number): readonly Run[] {
  const runs: Run[] = [];
  let begin = first;
  for (const run of before) {
    if (run.last < begin) {
      continue; // It lies before all that is handed over now.
    }
    if (begin <= last) {
      runs.push({ last: Math.min(run.last, last), count: run.count + 1 });
    }
    if (run.last > last) {
      runs.push(run);
    }
    begin = run.last + 1;
  }
  return begin <= last ? [...runs, { last, count: 1 }] : runs;
}

function countIn(runs: readonly Run[], offset: number): number {
  return runs.find((run) => offset <= run.last)?.count ?? 1;
}
