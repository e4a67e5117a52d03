import type { Consumer } from 'kafkajs';
import type { ReadPartition } from '../tracing/metrics/consumer-lag.js';
import { attempt } from '../tracing/fail-open.js';
import { kafkaMetrics } from '../tracing/kafka-metrics.js';

/** What kafkajs says of a batch; its own type leaves out that there may be no first offset. */
interface BatchEvent {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string | null;
  /** How many offsets lie between the first one and the end of the partition; `'0'` where there is no first one. */
  readonly offsetLagLow: string;
  /** How many lie behind the last one. */
  readonly offsetLag: string;
}

/** What kafkajs says of a group that was joined. */
type Assignment = Readonly<Record<string, readonly number[]>>;

/**
 * Keeps the lag of a consumer, from the events that kafkajs has anyway. At the start of a batch all of it is still to be
 * done, at the end none. A batch that fails starts anew each time it is fetched again, and never ends: so a poison message
 * shows as a lag that grows.
 *
 * @param templateOf the template of a topic's rule
 * @param isTraced whether the consumer is traced now
 * @internal
 */
export function watchLag(
  consumer: Consumer,
  groupId: string | undefined,
  templateOf: (topic: string) => string | undefined,
  isTraced: () => boolean,
): void {
  attempt('watch the lag of a consumer', () => {
    const { events } = consumer;
    const watched = new WatchedConsumer(consumer, groupId, templateOf, isTraced);
    // The ends first: where one of them cannot be listened to, nothing is kept that would never be dropped.
    for (const end of [events.REBALANCING, events.STOP, events.DISCONNECT, events.CRASH] as const) {
      consumer.on(end as typeof events.STOP, () => guarded(() => watched.drop()));
    }
    consumer.on(events.GROUP_JOIN, ({ payload }) =>
      guarded(() => watched.joined(payload.groupId, payload.memberAssignment)),
    );
    consumer.on(events.START_BATCH_PROCESS, ({ payload }) => guarded(() => watched.started(payload)));
    consumer.on(events.END_BATCH_PROCESS, ({ payload }) => guarded(() => watched.ended(payload)));
  });
}

class WatchedConsumer {
  readonly #batches = new Set<string>();
  readonly #read = new Map<string, ReadPartition>();

  constructor(
    private readonly consumer: Consumer,
    private group: string | undefined,
    private readonly templateOf: (topic: string) => string | undefined,
    private readonly isTraced: () => boolean,
  ) {}

  joined(group: string, assignment: Assignment): void {
    this.group ??= group;
    this.drop();
    for (const [key, read] of this.#read) {
      if (assignment[read.topic]?.includes(read.partition) !== true) {
        this.#read.delete(key);
        kafkaMetrics.lag.lose(read);
      }
    }
  }

  started(batch: BatchEvent): void {
    this.#batches.add(keyOf(batch));
    this.#keep(batch, lagAtStart(batch));
  }

  /** Batches of other partitions go on during a rebalance, and may end when their partition is another consumer's. */
  ended(batch: BatchEvent): void {
    if (this.#batches.delete(keyOf(batch))) {
      this.#keep(batch, Number(batch.offsetLag));
    }
  }

  drop(): void {
    this.#batches.clear();
    kafkaMetrics.lag.drop(this.consumer);
  }

  #keep(batch: BatchEvent, lag: number): void {
    if (!this.isTraced()) {
      this.drop();
      return;
    }
    const { topic, partition } = batch;
    const template = this.templateOf(topic);
    this.#read.set(keyOf(batch), { topic, partition, group: this.group, template });
    kafkaMetrics.lag.set(this.consumer, topic, partition, this.group, lag, template);
  }
}

/** What a listener throws would be thrown in the middle of kafkajs. */
function guarded(listen: () => void): void {
  attempt('keep the lag of a consumer', listen);
}

/**
 * With everything in the batch. It has no first offset where all that was fetched lies before what was asked for, as happens
 * with compaction: then `offsetLag` counts from the offset that was asked for.
 */
function lagAtStart({ firstOffset, offsetLagLow, offsetLag }: BatchEvent): number {
  return Number(firstOffset === null ? offsetLag : offsetLagLow) + 1;
}

function keyOf({ topic, partition }: BatchEvent): string {
  return `${topic} ${partition}`;
}
