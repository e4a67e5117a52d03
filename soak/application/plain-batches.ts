import { KafkaTracing, traceKafka } from 'nestjs-kafka-tracing';
import { type Consumer, type EachBatchPayload, Kafka, type Producer } from 'kafkajs';
import { failsInBatch } from '../workload/fates.js';
import type { Ledger } from '../workload/ledger.js';
import { FIRST_BATCHES, SECOND_BATCHES } from '../workload/topics.js';
import { CONSUMER_SETTINGS, type ClientSettings } from './client-settings.js';
import { numberOf } from './numbered.js';

export const PLAIN_GROUP = 'soak-plain';

/** A producer and a consumer of plain kafkajs, traced without Nest; the consumer handles batches. */
export class PlainBatches {
  readonly #producer: Producer;
  readonly #consumer: Consumer;

  constructor(
    settings: ClientSettings,
    private readonly ledger: Ledger,
    private readonly tracing: KafkaTracing,
  ) {
    const client = { ...settings, clientId: PLAIN_GROUP };
    const kafka = traceKafka(new Kafka(client), { clientId: client.clientId, brokers: client.brokers });
    this.#producer = kafka.producer();
    this.#consumer = kafka.consumer({ groupId: PLAIN_GROUP, ...CONSUMER_SETTINGS });
  }

  async start(): Promise<void> {
    await this.#producer.connect();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [FIRST_BATCHES, SECOND_BATCHES], fromBeginning: true });
    await this.#consumer.run({
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => this.handle(payload),
    });
  }

  async stop(): Promise<void> {
    await this.#consumer.disconnect();
    await this.#producer.disconnect();
  }

  /** All to two topics at once: the first two of them to one, the others to the other. */
  async send(numbers: readonly number[]): Promise<void> {
    const { counts } = this.ledger;
    const [first, second] = [numbers.slice(0, 2), numbers.slice(2)].map((some) =>
      some.map((number) => ({ key: String(number), value: JSON.stringify({ number }) })),
    ) as [{ key: string; value: string }[], { key: string; value: string }[]];
    counts.plainSends += 1;
    counts.plainToFirst += first.length;
    counts.plainToSecond += second.length;
    await this.#producer.sendBatch({
      topicMessages: [
        { topic: FIRST_BATCHES, messages: first },
        { topic: SECOND_BATCHES, messages: second },
      ],
    });
  }

  private async handle({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
    const { counts } = this.ledger;
    const isFirst = batch.topic === FIRST_BATCHES;
    counts[isFirst ? 'batchesOfFirst' : 'batchesOfSecond'] += 1;
    try {
      for (const message of batch.messages) {
        await this.tracing.runInContextOf(message, async () => {
          counts[isFirst ? 'deliveriesOfFirst' : 'deliveriesOfSecond'] += 1;
          this.handleOne(numberOf(JSON.parse(message.value?.toString() ?? 'null')), isFirst);
        });
        resolveOffset(message.offset);
      }
    } catch (error) {
      counts[isFirst ? 'failedBatchesOfFirst' : 'failedBatchesOfSecond'] += 1;
      throw error;
    }
    await heartbeat();
  }

  private handleOne(number: number, isFirst: boolean): void {
    if (this.ledger.deliver(number) === 1 && failsInBatch(number)) {
      this.ledger.counts[isFirst ? 'failedInFirst' : 'failedInSecond'] += 1;
      throw new Error('fails in a batch');
    }
    this.ledger.settle(number);
  }
}
