import type { Consumer, ConsumerConfig, EachMessageHandler, Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { watchLag } from '../../lib/kafkajs/consumer-lag-events.js';
import { recordReports } from '../support/diag-reports.js';
import { connected, freshName, freshTopic, plainKafka } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { plainProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const LAG = 'nestjs.kafka.consumer.lag';

const recorded = useMetrics();
useTracing();

/** The lag by `partition`, sorted. */
async function lags(): Promise<readonly string[]> {
  const points = await recorded.points(LAG);
  return points
    .map(({ attributes, value }) => `${String(attributes['messaging.destination.partition.id'])}: ${value}`)
    .sort();
}

async function untilLags(...expected: readonly string[]): Promise<void> {
  let found: readonly string[] = [];
  await until(`the lag is ${expected.join(', ')}`, async () => {
    found = await lags();
    return found.join() === expected.join();
  }).catch((error: Error) => {
    throw new Error(`${error.message} It is ${found.join(', ')}`);
  });
}

interface Watched {
  readonly consumer: Consumer;
  readonly groupId: string;
}

interface WatchedSetup extends Partial<ConsumerConfig> {
  readonly knowsGroup?: boolean;
  readonly templateOf?: (topic: string) => string | undefined;
  readonly isTraced?: () => boolean;
}

/** A plain consumer whose lag is watched, and that is not running yet. */
async function watchedConsumer(topic: string, setup: WatchedSetup = {}): Promise<Watched> {
  const { templateOf = () => undefined, isTraced = () => true, knowsGroup = true, ...config } = setup;
  const groupId = config.groupId ?? freshName('group');
  const consumer = plainKafka().consumer({
    groupId,
    maxWaitTimeInMs: 50,
    heartbeatInterval: 100,
    retry: { initialRetryTime: 20, maxRetryTime: 50, retries: 1_000 },
    ...config,
  });
  watchLag(consumer, knowsGroup ? groupId : undefined, templateOf, isTraced);
  await connected(consumer);
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  return { consumer, groupId };
}

async function sendEach(producer: Producer, topic: string, count: number, partition = 0): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    await producer.send({ topic, messages: [{ value: String(number), partition }] });
  }
}

const handled: EachMessageHandler = async () => {};

describe('watchLag', () => {
  it('counts down message by message, where each is a batch of its own', async () => {
    const topic = await freshTopic();
    await sendEach(await plainProducer(), topic, 10);
    // The broker gives at least one of its batches for each fetch, and each message was sent alone.
    const { consumer, groupId } = await watchedConsumer(topic, { maxBytesPerPartition: 1, maxBytes: 1 });
    const seen: (readonly string[])[] = [];
    await consumer.run({
      eachMessage: async () => {
        seen.push(await lags());
      },
    });
    await untilLags('0: 0');
    expect(seen.flat()).toEqual(Array.from({ length: 10 }, (_, number) => `0: ${10 - number}`));
    expect((await recorded.points(LAG))[0]?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': groupId,
    });
  });

  it('stays at the whole batch until its end', async () => {
    const topic = await freshTopic();
    const producer = await plainProducer();
    await producer.send({ topic, messages: Array.from({ length: 10 }, () => ({ value: 'v' })) });
    const { consumer } = await watchedConsumer(topic);
    const seen: (readonly string[])[] = [];
    await consumer.run({
      eachBatch: async ({ batch }) => {
        seen.push(await lags(), [`${batch.messages.length} messages`]);
      },
    });
    await untilLags('0: 0');
    expect(seen).toEqual([['0: 10'], ['10 messages']]);
  });

  it.each([
    ['is tried again and again', 1_000],
    ['crashes the consumer, which starts anew, again and again', 0],
  ])('grows while a poison message %s, and falls when it is done with', async (_what, retries) => {
    const topic = await freshTopic();
    const producer = await plainProducer();
    await producer.send({ topic, messages: [{ value: 'poison' }] });
    const { consumer } = await watchedConsumer(topic, {
      retry: { initialRetryTime: 20, maxRetryTime: 50, retries },
    });
    let poisoned = true;
    let attempts = 0;
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (poisoned && message.value?.toString() === 'poison') {
          attempts += 1;
          throw new Error('poison');
        }
      },
    });
    await untilLags('0: 1');
    await sendEach(producer, topic, 4);
    await untilLags('0: 5');
    await sendEach(producer, topic, 3);
    await untilLags('0: 8');
    expect(attempts).toBeGreaterThan(2);
    poisoned = false;
    await untilLags('0: 0');
  });

  it('counts from where the consumer was sent to, also within what the broker keeps as one', async () => {
    const topic = await freshTopic();
    const producer = await plainProducer();
    await producer.send({ topic, messages: Array.from({ length: 10 }, () => ({ value: 'v' })) });
    const { consumer } = await watchedConsumer(topic);
    const seen: (readonly string[])[] = [];
    await consumer.run({
      eachBatch: async ({ batch }) => {
        seen.push([`from ${String(batch.firstOffset())}`], await lags());
      },
    });
    consumer.seek({ topic, partition: 0, offset: '7' });
    await untilLags('0: 0');
    expect(seen.slice(-2)).toEqual([['from 7'], ['0: 3']]);
  });

  it('knows the end of a partition whose last record is none that is handled', async () => {
    const topic = await freshTopic();
    const producer = await connected(
      plainKafka().producer({ transactionalId: freshName('tx'), idempotent: true, maxInFlightRequests: 1 }),
    );
    const committed = await producer.transaction();
    await committed.send({ topic, messages: [{ value: 'v' }] });
    await committed.commit();
    const { consumer } = await watchedConsumer(topic);
    const values: (string | undefined)[] = [];
    await consumer.run({
      eachMessage: async ({ message }) => void values.push(message.value?.toString()),
    });
    await untilLags('0: 0');

    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: [{ value: 'never' }, { value: 'never' }] });
    await aborted.abort();
    const last = await producer.transaction();
    await last.send({ topic, messages: [{ value: 'w' }] });
    await last.commit();
    await until('the last one is handled', () => values.length === 2);
    await untilLags('0: 0');
    expect(values).toEqual(['v', 'w']);
  });

  it.each<[what: string, end: (consumer: Consumer) => Promise<void>]>([
    ['stopped', (consumer) => consumer.stop()],
    ['disconnected', (consumer) => consumer.disconnect()],
  ])('is gone when the consumer is %s', async (_what, end) => {
    const topic = await freshTopic();
    await sendEach(await plainProducer(), topic, 1);
    const { consumer } = await watchedConsumer(topic);
    await consumer.run({ eachMessage: handled });
    await untilLags('0: 0');
    await end(consumer);
    expect(await lags()).toEqual([]);
  });

  it('is gone when the consumer has crashed', async () => {
    const topic = await freshTopic();
    await sendEach(await plainProducer(), topic, 3);
    const { consumer } = await watchedConsumer(topic, {
      retry: { initialRetryTime: 20, retries: 0, restartOnFailure: async () => false },
    });
    const crashed = new Promise<void>((resolve) => void consumer.on(consumer.events.CRASH, () => resolve()));
    const seen: (readonly string[])[] = [];
    await consumer.run({
      eachMessage: async () => {
        seen.push(await lags());
        throw new Error('poison');
      },
    });
    await crashed;
    expect(seen).toContainEqual(['0: 3']);
    expect(await lags()).toEqual([]);
  });

  it('is that of its own partitions, when the group is rebalanced within the process', async () => {
    const topic = await freshTopic('orders', { partitions: 2 });
    const producer = await plainProducer();
    await sendEach(producer, topic, 1, 0);
    await sendEach(producer, topic, 1, 1);
    const one = await watchedConsumer(topic);
    await one.consumer.run({ eachMessage: handled });
    await untilLags('0: 0', '1: 0');

    const other = await watchedConsumer(topic, { groupId: one.groupId });
    const joined = [one, other].map(({ consumer }) => join(consumer, topic));
    await other.consumer.run({ eachMessage: handled });
    expect((await Promise.all(joined)).flat().sort((a, b) => a - b)).toEqual([0, 1]);
    expect(await lags(), 'the partition that went away, once more').toHaveLength(1);
    expect(await lags()).toEqual([]);
    await sendEach(producer, topic, 2, 0);
    await sendEach(producer, topic, 2, 1);
    await untilLags('0: 0', '1: 0');
    await other.consumer.disconnect();
    expect(await lags()).toHaveLength(1);
  });

  it('says the template in the place of the topic, and takes the group from the broker where it is not known', async () => {
    const topic = await freshTopic();
    await sendEach(await plainProducer(), topic, 1);
    const { consumer, groupId } = await watchedConsumer(topic, {
      templateOf: (name) => (name === topic ? 'orders-{day}' : undefined),
      knowsGroup: false,
    });
    await consumer.run({ eachMessage: handled });
    expect((await recorded.one(LAG, 0)).attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.destination.template': 'orders-{day}',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': groupId,
    });
  });

  it('says nothing while the consumer is not traced', async () => {
    const topic = await freshTopic();
    const producer = await plainProducer();
    await sendEach(producer, topic, 1);
    let isTraced = true;
    let count = 0;
    const { consumer } = await watchedConsumer(topic, { isTraced: () => isTraced });
    await consumer.run({ eachMessage: async () => void (count += 1) });
    await untilLags('0: 0');
    isTraced = false;
    await sendEach(producer, topic, 1);
    await until('the second one is handled', () => count === 2);
    expect(await lags()).toEqual([]);
  });
});

describe('watchLag and what may be otherwise', () => {
  it('leaves a consumer of somebody else alone that has no events', () => {
    const reports = recordReports();
    const foreign = { run: async () => {} } as unknown as Consumer;
    expect(() =>
      watchLag(
        foreign,
        'group',
        () => undefined,
        () => true,
      ),
    ).not.toThrow();
    expect(Object.keys(foreign)).toEqual(['run']);
    expect(reports).toEqual([expect.stringContaining('watch the lag')]);
  });

  it('lets a message be handled, whatever fails in it', async () => {
    const reports = recordReports();
    const topic = await freshTopic();
    await sendEach(await plainProducer(), topic, 2);
    const { consumer } = await watchedConsumer(topic, {
      templateOf: () => {
        throw new Error('broken');
      },
    });
    let count = 0;
    await consumer.run({ eachMessage: async () => void (count += 1) });
    await until('both are handled', () => count === 2);
    expect(await lags()).toEqual([]);
    expect(reports).toEqual([expect.stringContaining('keep the lag of a consumer')]);
  });

  it('counts from the offset that was asked for, where everything that was fetched lies before it', async () => {
    const { consumer, emit } = consumerOnCue();
    watchLag(
      consumer,
      'group',
      () => undefined,
      () => true,
    );
    const batch = { topic: 'orders', partition: 0, firstOffset: null, offsetLagLow: '0', offsetLag: '6' };
    emit('start', batch);
    expect(await lags()).toEqual(['0: 7']);
    emit('end', batch);
    expect(await lags()).toEqual(['0: 6']);
  });

  it('does not take the end of a batch that was started before the partition was given up', async () => {
    const { consumer, emit } = consumerOnCue();
    watchLag(
      consumer,
      'group',
      () => undefined,
      () => true,
    );
    const batch = { topic: 'orders', partition: 0, firstOffset: '1', offsetLagLow: '8', offsetLag: '6' };
    emit('start', batch);
    emit('join', { groupId: 'group', memberAssignment: { orders: [0] } });
    emit('end', batch);
    expect(await lags()).toEqual([]);
  });
});

/** The partitions of a topic that a consumer gets when it joins the next time. */
function join(consumer: Consumer, topic: string): Promise<readonly number[]> {
  return new Promise((resolve) => {
    const { GROUP_JOIN } = consumer.events;
    const remove = consumer.on(GROUP_JOIN, ({ payload }) => {
      if (payload.memberAssignment[topic]?.length === 1) {
        remove();
        resolve(payload.memberAssignment[topic]);
      }
    });
  });
}

/** A consumer whose events a test makes: for what no broker does on cue. */
function consumerOnCue() {
  const listeners = new Map<string, (event: { readonly payload: object }) => void>();
  const consumer = {
    events: {
      START_BATCH_PROCESS: 'start',
      END_BATCH_PROCESS: 'end',
      GROUP_JOIN: 'join',
      REBALANCING: 'rebalancing',
      STOP: 'stop',
      DISCONNECT: 'disconnect',
      CRASH: 'crash',
    },
    on: (name: string, listener: (event: { readonly payload: object }) => void) =>
      void listeners.set(name, listener),
  } as unknown as Consumer;
  return { consumer, emit: (name: string, payload: object) => listeners.get(name)?.({ payload }) };
}
