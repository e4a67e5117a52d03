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
 * How often the messages of a batch that is handed over now have been handed over in a row, this time included.
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

/** What was handed over last: from the first offset to the end, in runs; without them each message once, as most are. */
interface HandedOver {
  first: number;
  end: number;
  runs: readonly Run[] | undefined;
}

/**
 * Counts how often in a row a consumer was handed the same message: kafkajs hands it over again when its handler fails. It
 * remembers one message, or batch, for each partition, and what of the ones before it lies behind its beginning.
 *
 * @internal
 */
export class DeliveryAttempts {
  readonly #topics = new Map<string, Map<number, HandedOver>>();

  /** A message is handed over: how often in a row, this time included. */
  next(topic: string, partition: number, offset: string): number {
    const at = Number(offset);
    return countIn(this.#handOver(topic, partition, at, at), at);
  }

  /** A batch is handed over. */
  nextBatch(topic: string, partition: number, firstOffset: string, lastOffset: string): Attempt {
    const first = Number(firstOffset);
    const runs = this.#handOver(topic, partition, first, Number(lastOffset));
    return {
      count: countIn(runs, first),
      countOf: (offset) => (runs === undefined ? 1 : countIn(runs, Number(offset))),
    };
  }

  #handOver(topic: string, partition: number, first: number, last: number): HandedOver['runs'] {
    const handedOver = this.#of(topic, partition);
    const { runs, end } = handedOver;
    const isNew = end < first || handedOver.first > first;
    const again = isNew ? undefined : handedOverAgain(runs ?? [{ last: end, count: 1 }], first, last);
    handedOver.runs = again;
    handedOver.first = first;
    handedOver.end = again?.at(-1)?.last ?? last;
    return again;
  }

  #of(topic: string, partition: number): HandedOver {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    let handedOver = partitions.get(partition);
    if (handedOver === undefined) {
      handedOver = { first: -Infinity, end: -Infinity, runs: undefined };
      partitions.set(partition, handedOver);
    }
    return handedOver;
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

function countIn(runs: HandedOver['runs'], offset: number): number {
  for (const run of runs ?? []) {
    if (offset <= run.last) {
      return run.count;
    }
  }
  return 1;
}
