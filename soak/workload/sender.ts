import type { ClientKafka } from '@nestjs/microservices';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Observable, TimeoutError, lastValueFrom, timeout } from 'rxjs';
import type { PlainBatches } from '../application/plain-batches.js';
import { BLOCK, blockFrom, fateOfRequest } from './fates.js';
import { PATIENCE_MS } from './hang.js';
import type { Ledger } from './ledger.js';
import { EVENTS, REQUESTS } from './topics.js';

/** The span of a block, in which its messages are sent. */
export const BLOCK_SPAN = 'send_block';

/** More messages are sent only when no more than so many are under way. */
const MOST_OUTSTANDING = 3_000;

/** Sends numbered messages in every way there is, no faster than they are handled. */
export class Sender {
  readonly #tracer = trace.getTracer('soak');
  readonly #failure = failure();

  constructor(
    private readonly client: ClientKafka,
    private readonly plain: PlainBatches,
    private readonly ledger: Ledger,
  ) {}

  /** Rejects when something could not be sent; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Sends the messages from `first` up to `end`; resolves when every one of them has come to its end. */
  async send(first: number, end: number): Promise<void> {
    for (let number = first; number < end; number += BLOCK) {
      await this.ledger.whenOutstanding(MOST_OUTSTANDING);
      this.ledger.send(BLOCK);
      // Not awaited: what is under way is bounded by the ledger, and one that fails ends it all.
      this.#sendBlock(number).catch(this.#failure.reject);
    }
    await this.ledger.whenOutstanding(0);
  }

  async #sendBlock(first: number): Promise<void> {
    const { batch, events, plain, requests } = blockFrom(first);
    this.ledger.counts.blocks += 1;
    await this.#tracer.startActiveSpan(BLOCK_SPAN, async (span) => {
      try {
        await Promise.all([
          this.#emitBatch(batch),
          ...events.map((number) => this.#emit(number)),
          this.plain.send(plain),
          ...requests.map((number) => this.#request(number)),
        ]);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  async #emitBatch(numbers: readonly number[]): Promise<void> {
    this.ledger.counts.emittedBatches += 1;
    this.ledger.counts.emittedInBatches += numbers.length;
    const messages = numbers.map((number) => messageOf(number));
    await lastValueFrom(this.client.emitBatch(EVENTS, { messages }));
  }

  async #emit(number: number): Promise<void> {
    this.ledger.counts.emitted += 1;
    await lastValueFrom(this.client.emit(EVENTS, messageOf(number)));
  }

  async #request(number: number): Promise<void> {
    const { counts } = this.ledger;
    counts.requests += 1;
    const reply = this.client.send<unknown>(REQUESTS, messageOf(number));
    switch (fateOfRequest(number)) {
      case 'is unsubscribed':
        await this.#unsubscribe(reply);
        break;
      case 'times out':
        await this.#outcomeOf(reply.pipe(timeout(PATIENCE_MS)));
        break;
      default:
        await this.#outcomeOf(reply);
    }
    this.ledger.settle(number);
  }

  /** Once it is on its way: before, Nest would not even send it. */
  async #unsubscribe(reply: Observable<unknown>): Promise<void> {
    const subscription = reply.subscribe();
    await nextTurn();
    subscription.unsubscribe();
    this.ledger.counts.unsubscribed += 1;
  }

  async #outcomeOf(reply: Observable<unknown>): Promise<void> {
    const { counts } = this.ledger;
    try {
      await lastValueFrom(reply);
      counts.answered += 1;
    } catch (error) {
      counts[error instanceof TimeoutError ? 'timedOut' : 'refused'] += 1;
    }
  }
}

function messageOf(number: number): { readonly key: string; readonly value: { readonly number: number } } {
  return { key: String(number), value: { number } };
}

function failure(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject!: (reason: unknown) => void;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  promise.catch(() => {}); // It may come while nobody waits for it.
  return { promise, reject };
}
