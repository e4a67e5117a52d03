import type { KafkaContext } from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';
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

describe('messages are delivered and handled exactly as without the module', () => {
  const spans = useTracing();

  it('with a rebalance in the middle of a batch', async () => {
    const without = await seenOfRebalance(false);
    expect(without).toMatchObject({
      before: ['0 a', '0 b'],
      heartbeat: 'REBALANCE_IN_PROGRESS',
      committed: { topic: ['4', '2'] },
    });
    expect(new Set(without.handled)).toEqual(new Set(['0 a', '0 b', '0 c', '0 d', '1 e', '1 f']));
    expect(spans.finished).toEqual([]);

    expect(await seenOfRebalance({})).toEqual(without);

    expect(spans.finished.length).toBeGreaterThan(0);
  });
});

async function seenOfRebalance(tracing: object | false): Promise<Seen> {
  const topic = await freshTopic('orders', { partitions: 2 });
  const producer = await plainProducer();
  const send = (partition: number, ...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
  await send(0, 'a', 'b', 'c');

  const handled: string[] = [];
  let before: readonly string[] = [];
  let heartbeat: unknown;
  const groupId = freshName('rebalance');
  const handle = async (data: unknown, kafka: KafkaContext): Promise<void> => {
    handled.push(`${kafka.getPartition()} ${String(data)}`);
    if (data === 'b' && heartbeat === undefined) {
      before = [...handled];
      heartbeat = await heartbeatUntilRefused(kafka);
    }
  };
  const app = await startMicroservice({
    tracing,
    controllers: [handlerOf(topic, handle)],
    server: {
      client: clientConfig('first'),
      consumer: { groupId, maxWaitTimeInMs: 20, heartbeatInterval: 20 },
    },
  });
  await until('a batch is in the middle', () => before.length > 0);

  const second = await connected(
    plainKafka().consumer({ groupId: `${groupId}-server`, maxWaitTimeInMs: 20, heartbeatInterval: 20 }),
  );
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
  await Promise.all([app.close(), second.disconnect()]);
  const committed = await committedOffsetsOf(`${groupId}-server`, { topic });
  return { before, heartbeat, handled: handled.toSorted(), committed };
}

/** kafkajs asks the broker no more often than the interval says. */
async function heartbeatUntilRefused(kafka: KafkaContext): Promise<unknown> {
  let refusal: unknown;
  await until('a heartbeat is refused', async () => {
    refusal = await kafka
      .getHeartbeat()()
      .then(
        () => undefined,
        (error: { readonly type?: string }) => error.type,
      );
    return refusal !== undefined;
  });
  return refusal;
}
