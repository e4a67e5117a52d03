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

interface HandedOver {
  first: number;
  runs: readonly Run[];
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
    const runs = this.#handOver(topic, partition, at, at);
    return countIn(runs, at);
  }

  /** A batch is handed over. */
  nextBatch(topic: string, partition: number, firstOffset: string, lastOffset: string): Attempt {
    const first = Number(firstOffset);
    const runs = this.#handOver(topic, partition, first, Number(lastOffset));
    return {
      count: countIn(runs, first),
      countOf: (offset) => countIn(runs, Number(offset)),
    };
  }

  #handOver(topic: string, partition: number, first: number, last: number): readonly Run[] {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    let handedOver = partitions.get(partition);
    if (handedOver === undefined) {
      handedOver = { first, runs: [] };
      partitions.set(partition, handedOver);
    }
    const isBefore = handedOver.runs.length === 1 && handedOver.runs[0]!.last < first; // As of most messages.
    const runs = isBefore || handedOver.first > first ? NONE : handedOver.runs;
    handedOver.runs = handedOverAgain(runs, first, last);
    handedOver.first = first;
    return handedOver.runs;
  }
}

const NONE: readonly Run[] = [];

/** A batch need not end where the one before it did: how much is fetched depends on other partitions, too. */
function handedOverAgain(before: readonly Run[], first: number, last: number): readonly Run[] {
  if (before.length === 0) {
    return [{ last, count: 1 }];
  }
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
  for (const run of runs) {
    if (offset <= run.last) {
      return run.count;
    }
  }
  return 1;
}
