import type { KafkaContext } from '@nestjs/microservices';
import { Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { type CommittedOffsets, committedOffsetsOf } from '../support/committed-offsets.js';
import { handlerOf } from '../support/events.js';
import { clientConfig, connected, freshName, freshTopic, plainKafka } from '../support/kafka.js';
import { startMicroservice } from '../support/nest-app.js';
import { plainProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

/** What the members of a group see of their messages. */
interface Seen {
  /** What the application has handled until somebody else joined. */
  readonly before: readonly string[];
  /** What a heartbeat in the middle of the batch said. */
  readonly heartbeat: unknown;
  /** What the group has handled in all, and how often. */
  readonly handled: readonly string[];
  readonly committed: CommittedOffsets;
}

/** Is told of each message, and of how to ask the broker whether its group is still the same. */
type Handle = (partition: number, value: string, heartbeat: () => Promise<void>) => Promise<void>;

/** Starts a member of a group, with or without tracing; returns how it ends. */
type StartMember = (
  isTraced: boolean,
  topic: string,
  groupId: string,
  handle: Handle,
) => Promise<{ close(): Promise<void> }>;

const QUICK = { maxWaitTimeInMs: 20, heartbeatInterval: 20 };

describe('messages are delivered and handled exactly as without the module', () => {
  const spans = useTracing();

  it.each<[string, StartMember]>([
    ['a batch whose messages Nest handles one by one', startApplication],
    ['a batch that is handled as a whole', startBatchConsumer],
  ])('with a rebalance in the middle of %s', async (_what, startMember) => {
    const without = await seenOfRebalance(startMember, false);
    expect(without).toMatchObject({
      before: ['0 a', '0 b'],
      heartbeat: 'REBALANCE_IN_PROGRESS',
      committed: { topic: ['4', '2'] },
    });
    expect(new Set(without.handled)).toEqual(new Set(['0 a', '0 b', '0 c', '0 d', '1 e', '1 f']));
    expect(spans.finished).toEqual([]);

    expect(await seenOfRebalance(startMember, true)).toEqual(without);

    expect(spans.finished.length).toBeGreaterThan(0);
  });
});

const startApplication: StartMember = (isTraced, topic, groupId, handle) =>
  startMicroservice({
    tracing: isTraced && {},
    controllers: [
      handlerOf(topic, (data: unknown, kafka: KafkaContext) =>
        handle(kafka.getPartition(), String(data), kafka.getHeartbeat()),
      ),
    ],
    server: { client: clientConfig('first'), consumer: { groupId, ...QUICK }, postfixId: '' },
  });

const startBatchConsumer: StartMember = async (isTraced, topic, groupId, handle) => {
  const driver = new Kafka(clientConfig('first'));
  const kafka = isTraced ? traceKafka(driver) : driver;
  const consumer = await connected(kafka.consumer({ groupId, ...QUICK }));
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
      for (const { value, offset } of batch.messages) {
        await handle(batch.partition, String(value), heartbeat);
        resolveOffset(offset);
      }
    },
  });
  return { close: () => consumer.disconnect() };
};

async function seenOfRebalance(startMember: StartMember, isTraced: boolean): Promise<Seen> {
  const topic = await freshTopic('orders', { partitions: 2 });
  const producer = await plainProducer();
  const send = (partition: number, ...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
  await send(0, 'a', 'b', 'c');

  const handled: string[] = [];
  let before: readonly string[] = [];
  let heartbeat: unknown;
  const groupId = freshName('rebalance');
  const handle: Handle = async (partition, value, ask) => {
    handled.push(`${partition} ${value}`);
    if (value === 'b' && heartbeat === undefined) {
      before = [...handled];
      heartbeat = await heartbeatUntilRefused(ask);
    }
  };
  const first = await startMember(isTraced, topic, groupId, handle);
  await until('a batch is in the middle', () => before.length > 0);

  const second = await connected(plainKafka().consumer({ groupId, ...QUICK }));
  let assigned: readonly number[] = [];
  second.on(
    second.events.GROUP_JOIN,
    ({ payload }) => void (assigned = payload.memberAssignment[topic] ?? []),
  );
  await second.subscribe({ topics: [topic], fromBeginning: true });
  void second.run({
    eachMessage: async ({ partition, message }) => void handled.push(`${partition} ${String(message.value)}`),
  });
  await until('the group has two members', () => assigned.length === 1);
  await send(0, 'd');
  await send(1, 'e', 'f');
  await until('all was handled', () => ['0 d', '1 f'].every((one) => handled.includes(one)));
  await Promise.all([first.close(), second.disconnect()]);
  const committed = await committedOffsetsOf(groupId, { topic });
  return { before, heartbeat, handled: handled.toSorted(), committed };
}

/** kafkajs asks the broker no more often than the interval says. */
async function heartbeatUntilRefused(heartbeat: () => Promise<void>): Promise<unknown> {
  let refusal: unknown;
  await until('a heartbeat is refused', async () => {
    refusal = await heartbeat().then(
      () => undefined,
      (error: { readonly type?: string }) => error.type,
    );
    return refusal !== undefined;
  });
  return refusal;
}
