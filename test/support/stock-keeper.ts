import { type Consumer, Kafka, type KafkaMessage, type Producer, type RecordMetadata } from 'kafkajs';
import type { KafkaTracing } from 'nestjs-kafka-tracing';
import { fetchCommitted } from './committed-offsets.js';
import { clientConfig, freshName, plainKafka } from './kafka.js';
import type { Tracing } from './order-application.js';
import { type Refusal, refusalOf } from './refusal.js';
import { until } from './until.js';
import { type Received, messagesOf, received } from './user-messages.js';

/** Everything that is seen of the messages of one round. */
export interface StockOutcome {
  readonly handled: readonly Received[];
  /** Of each send its offset, counted from the first one's, and the broker's code. */
  readonly sent: readonly (readonly [offset: number, errorCode: number])[];
  readonly committed: readonly string[];
  /** Of a transaction while there is one. */
  readonly another: Refusal | undefined;
}

/** Somebody who uses kafkajs by itself, beside an application: transactions, and batches of messages. */
export class StockKeeper {
  readonly #handled: Received[] = [];
  readonly #topic: string;
  readonly #kafka: Kafka;
  readonly #admin = plainKafka().admin();
  readonly #consumer: Consumer;
  readonly #producer: Producer;
  readonly #kafkaTracing: () => KafkaTracing | undefined;

  /** @param kafkaTracing of an application, once there is one, for its `runInContextOf` */
  constructor(topic: string, { library, options }: Tracing, kafkaTracing: () => KafkaTracing | undefined) {
    this.#topic = topic;
    this.#kafkaTracing = kafkaTracing;
    const kafka = new Kafka(clientConfig('stock'));
    this.#kafka = library === undefined ? kafka : library.traceKafka(kafka, { ...options });
    this.#consumer = this.#kafka.consumer({
      groupId: freshName('stock'),
      maxWaitTimeInMs: 20,
      retry: { initialRetryTime: 20, retries: 5 },
    });
    const transactionalId = freshName('stock');
    this.#producer = this.#kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  }

  async start(): Promise<void> {
    await Promise.all([this.#admin.connect(), this.#producer.connect(), this.#consume()]);
  }

  /** What one transaction sends is aborted. What another one does is committed, and one message of it fails once. */
  async round(): Promise<StockOutcome> {
    this.#handled.splice(0);
    const topic = this.#topic;
    const aborted = await this.#producer.transaction();
    const results: RecordMetadata[][] = [await aborted.send({ topic, messages: messagesOf('0') })];
    await aborted.abort();
    const committed = await this.#producer.transaction();
    const another = await refusalOf(() => this.#producer.transaction());
    results.push(await committed.send({ topic, messages: messagesOf('1') }));
    results.push(
      await committed.sendBatch({
        topicMessages: ['2', '3'].map((value) => ({ topic, messages: messagesOf(value) })),
      }),
    );
    const consumerGroupId = freshName('stock');
    const topics = [{ topic, partitions: [{ partition: 0, offset: '7' }] }];
    await committed.sendOffsets({ consumerGroupId, topics });
    await committed.commit();
    await until('all was handled', () => this.#handled.length >= 4);

    let offsets: readonly string[] = [];
    await until('the offset is committed', async () => {
      offsets = (await fetchCommitted(this.#admin, consumerGroupId, { topic }))['topic'] ?? [];
      return offsets[0] !== '-1';
    });
    return { handled: [...this.#handled], sent: relative(results.flat()), committed: offsets, another };
  }

  /** With a transaction that nobody ends. */
  async close(): Promise<void> {
    await refusalOf(() => this.#producer.transaction());
    await Promise.all([this.#admin, this.#consumer, this.#producer].map((one) => one.disconnect()));
  }

  async #consume(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: true });
    await this.#consumer.run({
      eachBatch: async ({ batch: { messages }, resolveOffset }) => {
        for (const message of messages) {
          await this.#inContextOf(message, async () => this.#handle(message));
          resolveOffset(message.offset);
        }
      },
    });
  }

  async #inContextOf(message: KafkaMessage, work: () => Promise<void>): Promise<void> {
    const tracing = this.#kafkaTracing();
    await (tracing === undefined ? work() : tracing.runInContextOf(message, work));
  }

  #handle(message: KafkaMessage): void {
    this.#handled.push(received(message));
    if (this.#handled.length === 2) {
      throw new Error('once');
    }
  }
}

function relative(results: readonly RecordMetadata[]): StockOutcome['sent'] {
  const first = Number(results[0]?.baseOffset);
  return results.map(({ baseOffset, errorCode }) => [Number(baseOffset) - first, errorCode]);
}
