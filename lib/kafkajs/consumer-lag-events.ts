import type { Consumer } from 'kafkajs';
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
    const { lag } = kafkaMetrics;
    const started = new Set<string>();
    let group = groupId;

    const drop = (): void => {
      started.clear();
      lag.drop(consumer);
    };
    const keep = ({ topic, partition }: BatchEvent, behind: number): void =>
      isTraced() ? lag.set(consumer, topic, partition, group, behind, templateOf(topic)) : drop();

    // The ends first: where one of them cannot be listened to, nothing is kept that would never be dropped.
    for (const end of [events.REBALANCING, events.STOP, events.DISCONNECT, events.CRASH] as const) {
      consumer.on(end as typeof events.STOP, drop);
    }
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      group ??= payload.groupId;
      drop();
    });
    consumer.on(events.START_BATCH_PROCESS, ({ payload }) =>
      guarded(() => {
        started.add(keyOf(payload));
        keep(payload, lagAtStart(payload));
      }),
    );
    consumer.on(events.END_BATCH_PROCESS, ({ payload }) =>
      guarded(() => {
        // Batches of other partitions go on during a rebalance, and may end when the partition is another consumer's.
        if (started.has(keyOf(payload))) {
          keep(payload, Number(payload.offsetLag));
        }
      }),
    );
  });
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
