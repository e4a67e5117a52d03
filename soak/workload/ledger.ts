/** What the application saw itself, whatever its spans say. */
export interface Counts {
  /** Blocks of messages that were sent. */
  blocks: number;
  /** Calls of `emitBatch`, and the messages in them. */
  emittedBatches: number;
  emittedInBatches: number;
  emitted: number;
  /** Calls of plain kafkajs's `sendBatch`, and the messages in them, for each of two topics. */
  plainSends: number;
  plainToFirst: number;
  plainToSecond: number;
  requests: number;
  /** Calls of handlers. */
  eventDeliveries: number;
  requestDeliveries: number;
  deadLetterDeliveries: number;
  batchesOfFirst: number;
  batchesOfSecond: number;
  deliveriesOfFirst: number;
  deliveriesOfSecond: number;
  /** Of these the ones that failed. */
  failedEvents: number;
  /** Handlers that hung and were given up. */
  givenUp: number;
  refusedRequests: number;
  retriedRequests: number;
  failedBatchesOfFirst: number;
  failedBatchesOfSecond: number;
  failedInFirst: number;
  failedInSecond: number;
  /** Sent by handlers. */
  deadLetters: number;
  /** What the callers of requests saw. */
  answered: number;
  refused: number;
  unsubscribed: number;
  timedOut: number;
}

const NONE: Counts = {
  blocks: 0,
  emittedBatches: 0,
  emittedInBatches: 0,
  emitted: 0,
  plainSends: 0,
  plainToFirst: 0,
  plainToSecond: 0,
  requests: 0,
  eventDeliveries: 0,
  requestDeliveries: 0,
  deadLetterDeliveries: 0,
  batchesOfFirst: 0,
  batchesOfSecond: 0,
  deliveriesOfFirst: 0,
  deliveriesOfSecond: 0,
  failedEvents: 0,
  givenUp: 0,
  refusedRequests: 0,
  retriedRequests: 0,
  failedBatchesOfFirst: 0,
  failedBatchesOfSecond: 0,
  failedInFirst: 0,
  failedInSecond: 0,
  deadLetters: 0,
  answered: 0,
  refused: 0,
  unsubscribed: 0,
  timedOut: 0,
};

/**
 * Knows of every message how often it was delivered and whether it was settled. It takes all its memory at once: what grows
 * later is not its.
 */
export class Ledger {
  readonly counts: Counts = { ...NONE };
  readonly #deliveries: Uint8Array;
  readonly #settled: Uint8Array;
  #sentCount = 0;
  #settledCount = 0;
  #settledTwice = 0;
  #hanging = 0;
  #wake: (() => void) | undefined;

  constructor(messages: number) {
    this.#deliveries = new Uint8Array(messages);
    this.#settled = new Uint8Array(messages);
  }

  get sent(): number {
    return this.#sentCount;
  }

  /** Messages that came to their end: handled, answered, given up, or a dead letter that was received. */
  get settled(): number {
    return this.#settledCount;
  }

  get settledTwice(): number {
    return this.#settledTwice;
  }

  /** Messages under way, and handlers that were given up and still hang. */
  get outstanding(): number {
    return this.#sentCount - this.#settledCount + this.#hanging;
  }

  /** The numbers of the first messages that were sent and have not come to their end. */
  firstUnsettled(most: number): readonly number[] {
    const numbers: number[] = [];
    for (let number = 0; number < this.#sentCount && numbers.length < most; number += 1) {
      if (this.#settled[number] === 0) numbers.push(number);
    }
    return numbers;
  }

  send(count: number): void {
    this.#sentCount += count;
  }

  /** @returns how often the message was delivered, this time included */
  deliver(number: number): number {
    return (this.#deliveries[number] = (this.#deliveries[number] ?? 0) + 1);
  }

  settle(number: number): void {
    if (this.#settled[number] === 1) {
      this.#settledTwice += 1;
      return;
    }
    this.#settled[number] = 1;
    this.#settledCount += 1;
    this.#tell();
  }

  hang(): void {
    this.#hanging += 1;
  }

  wakeUp(): void {
    this.#hanging -= 1;
    this.#tell();
  }

  /** Resolves when no more than so many messages are under way. One waits at a time. */
  async whenOutstanding(most: number): Promise<void> {
    while (this.outstanding > most) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #tell(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
