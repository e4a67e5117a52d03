import type { DescribedMessage, KafkaEndpoint } from '../attributes.js';
import type { Attempt } from './delivery-attempts.js';

/**
 * The messages of one topic and partition that kafkajs handed over together.
 *
 * @internal
 */
export class DeliveredBatch {
  #byOffset: ReadonlyMap<unknown, DescribedMessage> | undefined;

  constructor(
    readonly endpoint: KafkaEndpoint,
    readonly topic: string,
    readonly partition: number,
    readonly messages: readonly DescribedMessage[],
    readonly attempt: Attempt,
  ) {}

  /** How often this process was handed a message of it in a row, this time included. */
  seen(message: DescribedMessage): number {
    return this.attempt.countOf(message.offset);
  }

  /** The message of this batch that is meant: itself, or a copy of it whose value was parsed. */
  find(candidate: DescribedMessage): DescribedMessage | undefined {
    this.#byOffset ??= new Map(this.messages.map((message) => [message.offset, message]));
    const message = this.#byOffset.get(candidate.offset);
    return message !== undefined && message.headers === candidate.headers ? message : undefined;
  }
}
