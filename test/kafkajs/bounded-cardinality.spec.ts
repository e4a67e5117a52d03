import type { ICustomPartitioner, Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { doubled } from '../support/doubled-driver.js';
import { connected } from '../support/kafka.js';
import { type Point, useMetrics } from '../support/metrics.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const SENT = 'messaging.client.sent.messages';
const CONSUMED = 'messaging.client.consumed.messages';
const OPERATION = 'messaging.client.operation.duration';
const PROCESS = 'messaging.process.duration';
const QUEUE = 'nestjs.kafka.message.queue.duration';
const LAG = 'nestjs.kafka.consumer.lag';

const MANY = 10_000;
// As many names of errors as are told apart, and the one for all others.
const MOST_SERIES = 201;

describe('however many keys there are, metrics', () => {
  const recorded = useMetrics();
  const spans = useTracing();
  const nextTopic = usePreparedTopics(1);
  const messages = Array.from({ length: MANY }, (_, number): Message => ({
    key: `key-${number}`,
    value: 'v',
  }));

  it('are one series of each name for a batch that is sent, and handled as one', async () => {
    const topic = nextTopic();
    const producer = await tracedProducer();
    await producer.sendBatch({ topicMessages: [{ topic, messages }] });
    await recorded.one(SENT, MANY);
    await recorded.one(OPERATION, 1);

    const keys = new Set<string>();
    await consume(tracedKafka(), topic, {
      eachBatch: async ({ batch }) => batch.messages.forEach(({ key }) => void keys.add(String(key))),
    });
    await recorded.one(CONSUMED, MANY);
    await recorded.one(QUEUE, MANY);
    await recorded.one(LAG, 0);
    await until('the last batch is measured', async () => (await recorded.points(PROCESS)).length > 0);
    expect(await recorded.points(PROCESS)).toHaveLength(1);
    expect(keys.size).toBe(MANY);
    await spans.one(`send ${topic}`);
  });

  it('are one series of each name for sends of one', async () => {
    const { producer } = doubled(async () => []);
    for (const message of messages) {
      await producer.send({ topic: 'orders', messages: [message] });
    }
    await recorded.one(SENT, MANY);
    await recorded.one(OPERATION, MANY);
  });
});

describe('however many errors there are, metrics', () => {
  const recorded = useMetrics();
  const spans = useTracing();
  const nextTopic = usePreparedTopics(1);

  it('have a series for each of the first names, and one for all the others', async () => {
    const topic = nextTopic();
    let failed = 0;
    // It fails before anything is sent, and kafkajs does not try again.
    const createPartitioner: ICustomPartitioner = () => () => {
      failed += 1;
      throw Object.assign(new Error('no partition'), { name: `Error${failed}` });
    };
    const producer = await connected(tracedKafka().producer({ createPartitioner }));
    await expect(sendOne(producer, topic)).rejects.toThrow('no partition');
    let requests = 0;
    producer.on(producer.events.REQUEST, () => void (requests += 1));
    const others = Array.from({ length: MANY - 1 }, () => sendOne(producer, topic));
    await Promise.allSettled(others);
    expect({ failed, requests }).toEqual({ failed: MANY, requests: 0 });

    for (const name of [SENT, OPERATION]) {
      const points = await recorded.points(name);
      expect(points).toHaveLength(MOST_SERIES);
      expect(valuesOf(points)).toEqual({ Error1: 1, Error200: 1, _OTHER: MANY - MOST_SERIES + 1 });
    }
    const types = new Set(spans.finished.map(({ attributes }) => attributes['error.type']));
    expect([spans.finished.length, types.size]).toEqual([MANY, MOST_SERIES]);
  });
});

/** The values of the first series, of the last one that has a name of its own, and of all the rest. */
function valuesOf(points: readonly Point[]): Record<string, number | undefined> {
  const valueOf = (type: string) => points.find(({ attributes }) => attributes['error.type'] === type)?.value;
  return Object.fromEntries(['Error1', 'Error200', '_OTHER'].map((type) => [type, valueOf(type)]));
}
