import { type Attributes, ROOT_CONTEXT, SpanStatusCode, context } from '@opentelemetry/api';
import type { RecordMetadata } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { doubled } from '../support/doubled-driver.js';
import { clientConfig, connected, freshName, freshTopic } from '../support/kafka.js';
import { type Point, useMetrics } from '../support/metrics.js';
import { consume, plainProducer, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { withBaggage } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const SENT = 'messaging.client.sent.messages';
const CONSUMED = 'messaging.client.consumed.messages';
const OPERATION = 'messaging.client.operation.duration';
const PROCESS = 'messaging.process.duration';
const QUEUE = 'nestjs.kafka.message.queue.duration';
const LAG = 'nestjs.kafka.consumer.lag';
const DROPPED = 'nestjs.kafka.propagation.dropped';

/** One that kafkajs tries again after. */
class OrderError extends Error {
  override readonly name = 'OrderError';
}

/** The attributes of a send to a topic. */
function ofSend(topic: string | undefined): Attributes {
  const [address, port] = (clientConfig('traced').brokers[0] ?? '').split(':');
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    ...(topic === undefined ? {} : { 'messaging.destination.name': topic }),
    'server.address': address,
    'server.port': Number(port),
  };
}

/** The attributes of what a group handles of a topic. */
function ofProcess(topic: string, group: string): Attributes {
  const { 'messaging.operation.type': _type, ...attributes } = ofSend(topic);
  return { ...attributes, 'messaging.operation.name': 'process', 'messaging.consumer.group.name': group };
}

/** What a test is about: the time that something took is not. */
function counts(points: readonly Point[]): readonly Pick<Point, 'attributes' | 'value'>[] {
  return points.map(({ attributes, value }) => ({ attributes, value }));
}

describe('metrics of sends', () => {
  const recorded = useMetrics();
  const spans = useTracing();

  it('count a message, and measure how long its send took', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    await sendOne(producer, topic, { key: 'k' });
    await sendOne(producer, topic, { key: 'other', partition: 0 });

    expect(counts(await recorded.points(SENT))).toEqual([{ attributes: ofSend(topic), value: 2 }]);
    const [duration] = await recorded.points(OPERATION);
    expect(duration).toMatchObject({ attributes: ofSend(topic), value: 2 });
    expect(duration?.sum).toBeGreaterThan(0);
    expect(duration?.sum).toBeLessThan(60);
  });

  it('have the error type of the span where a send fails', async () => {
    const topic = freshName('no-such-topic');
    const kafka = tracedKafka();
    const producer = await connected(
      kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 1, initialRetryTime: 10 } }),
    );
    await expect(sendOne(producer, topic)).rejects.toThrow(/does not host this topic-partition/);

    const span = await spans.one(`send ${topic}`);
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(span.attributes['error.type']).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    const attributes = { ...ofSend(topic), 'error.type': 'UNKNOWN_TOPIC_OR_PARTITION' };
    expect(counts(await recorded.points(SENT))).toEqual([{ attributes, value: 1 }]);
    expect(counts(await recorded.points(OPERATION))).toEqual([{ attributes, value: 1 }]);
  });

  it('count each message of several, and measure their send once', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b' }, { value: 'c' }] });
    expect(counts(await recorded.points(SENT))).toEqual([{ attributes: ofSend(topic), value: 3 }]);
    expect(counts(await recorded.points(OPERATION))).toEqual([{ attributes: ofSend(topic), value: 1 }]);
  });

  it('count the messages of a batch by topic, and measure the batch once', async () => {
    const [orders, payments] = [await freshTopic('orders'), await freshTopic('payments')];
    const producer = await tracedProducer();
    await producer.sendBatch({
      topicMessages: [
        { topic: orders, messages: [{ value: 'a' }, { value: 'b' }] },
        { topic: payments, messages: [{ value: 'c' }] },
      ],
    });
    expect(counts(await recorded.points(SENT))).toEqual([
      { attributes: ofSend(orders), value: 2 },
      { attributes: ofSend(payments), value: 1 },
    ]);
    expect(counts(await recorded.points(OPERATION))).toEqual([{ attributes: ofSend(undefined), value: 1 }]);
  });

  it('have a template in the place of the topics that it stands for', async () => {
    const topics = [await freshTopic('replies'), await freshTopic('replies')];
    const producer = await tracedProducer({ topics: [{ match: /^replies-/, template: 'replies-{id}' }] });
    await sendOne(producer, topics[0] as string);
    await sendOne(producer, topics[1] as string);
    const { 'messaging.destination.name': _name, ...attributes } = ofSend('');
    expect(counts(await recorded.points(SENT))).toEqual([
      { attributes: { ...attributes, 'messaging.destination.template': 'replies-{id}' }, value: 2 },
    ]);
  });

  it('count what a limit kept from being propagated', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ baggage: { maxEntries: 1 } });
    const entries = Array.from({ length: 3 }, (_, number) => [`entry-${number}`, 'v'] as const);
    await context.with(withBaggage(ROOT_CONTEXT, Object.fromEntries(entries)), () =>
      sendOne(producer, topic),
    );
    expect(counts(await recorded.points(DROPPED))).toEqual([
      { attributes: { 'nestjs.kafka.propagation.field': 'baggage' }, value: 2 },
    ]);
  });

  it('count the messages of a transaction, and measure that its offsets were sent', async () => {
    const topic = await freshTopic();
    const producer = await connected(
      tracedKafka().producer({ transactionalId: freshName('tx'), maxInFlightRequests: 1, idempotent: true }),
    );
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'v' }] });
    await transaction.sendOffsets({
      consumerGroupId: 'group',
      topics: [{ topic, partitions: [{ partition: 0, offset: '0' }] }],
    });
    await transaction.commit();
    expect(counts(await recorded.points(SENT))).toEqual([{ attributes: ofSend(topic), value: 1 }]);
    expect(counts(await recorded.points(OPERATION))).toEqual([
      { attributes: ofSend(topic), value: 1 },
      {
        attributes: {
          ...ofSend(topic),
          'messaging.operation.name': 'send_offsets',
          'messaging.operation.type': 'settle',
          'messaging.consumer.group.name': 'group',
        },
        value: 1,
      },
    ]);
  });
});

describe('metrics of deliveries', () => {
  const recorded = useMetrics();
  const spans = useTracing();

  it('count a message, measure its wait and its handling, and say what lag is left', async () => {
    const topic = await freshTopic();
    const timestamp = String(Date.now() - 3_600_000);
    await sendOne(await plainProducer(), topic, { key: 'k', timestamp });
    const group = await consume(tracedKafka(), topic, async () => {});
    await recorded.one(PROCESS, 1);

    const attributes = ofProcess(topic, group);
    expect(counts(await recorded.points(CONSUMED))).toEqual([{ attributes, value: 1 }]);
    const [processed] = await recorded.points(PROCESS);
    expect(processed?.attributes).toEqual(attributes);
    const [queued] = await recorded.points(QUEUE);
    expect(queued).toMatchObject({ attributes, value: 1 });
    expect(queued?.sum).toBeGreaterThanOrEqual(3_600);
    expect(queued?.sum).toBeLessThan(3_700);
    expect((await recorded.one(LAG, 0)).attributes['messaging.consumer.group.name']).toBe(group);
  });

  it('take a message from the future for one that did not wait', async () => {
    const topic = await freshTopic();
    await sendOne(await plainProducer(), topic, { timestamp: String(Date.now() + 60_000) });
    await consume(tracedKafka(), topic, async () => {});
    expect((await recorded.one(QUEUE, 1)).sum).toBe(0);
  });

  it('have the error type of the span where a handler fails, and count each delivery but its wait once', async () => {
    const topic = await freshTopic();
    await sendOne(await plainProducer(), topic);
    let attempts = 0;
    const group = await consume(tracedKafka(), topic, async () => {
      attempts += 1;
      if (attempts < 3) {
        throw new OrderError('not yet');
      }
    });
    await recorded.one(CONSUMED, 3);
    await until('the last one is measured', async () => (await recorded.points(PROCESS)).length === 2);

    const attributes = ofProcess(topic, group);
    expect(counts(await recorded.points(PROCESS))).toEqual([
      { attributes: { ...attributes, 'error.type': 'OrderError' }, value: 2 },
      { attributes, value: 1 },
    ]);
    const processes = await spans.all(`process ${topic}`, 3);
    expect(processes.map((span) => span.attributes['error.type'])).toEqual([
      'OrderError',
      'OrderError',
      undefined,
    ]);
    await recorded.one(QUEUE, 1);
  });

  it('have no error type where the user says that an error is expected', async () => {
    const topic = await freshTopic();
    await sendOne(await plainProducer(), topic);
    let attempts = 0;
    await consume(tracedKafka({ classifyError: () => 'expected' }), topic, async () => {
      attempts += 1;
      if (attempts === 1) {
        throw new OrderError('sold out');
      }
    });
    expect((await recorded.one(PROCESS, 2)).attributes).not.toHaveProperty('error.type');
  });

  it('count the messages of a batch, and measure its handling once', async () => {
    const topic = await freshTopic();
    const producer = await plainProducer();
    await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b' }, { value: 'c' }] });
    const group = await consume(tracedKafka(), topic, { eachBatch: async () => {} });
    await recorded.one(PROCESS, 1);
    expect(counts(await recorded.points(CONSUMED))).toEqual([
      { attributes: ofProcess(topic, group), value: 3 },
    ]);
    await recorded.one(QUEUE, 3);
  });

  it('show a poison message as a lag that grows', async () => {
    const topic = await freshTopic();
    const producer = await plainProducer();
    await sendOne(producer, topic);
    let poisoned = true;
    await consume(tracedKafka(), topic, async () => {
      if (poisoned) {
        throw new Error('poison');
      }
    });
    await recorded.one(LAG, 1);
    await sendOne(producer, topic);
    await sendOne(producer, topic);
    await recorded.one(LAG, 3);
    poisoned = false;
    await recorded.one(LAG, 0);
  });
});

describe('metrics without spans', () => {
  const recorded = useMetrics();
  useTracing({ tracerProvider: false });

  it('are recorded where only a meter provider is registered', async () => {
    const topic = await freshTopic();
    await sendOne(await tracedProducer(), topic);
    await consume(tracedKafka(), topic, async () => {});
    await recorded.one(SENT, 1);
    await recorded.one(PROCESS, 1);
  });

  it('are recorded where spans are off for a topic', async () => {
    const topic = await freshTopic();
    const options = { trace: false };
    await sendOne(await tracedProducer(options), topic);
    await consume(tracedKafka(options), topic, async () => {});
    await recorded.one(SENT, 1);
    await recorded.one(PROCESS, 1);
  });

  it('are none where nothing is traced', async () => {
    const topic = await freshTopic();
    const options = { enabled: false };
    let count = 0;
    await sendOne(await tracedProducer(options), topic);
    await consume(tracedKafka(options), topic, async () => void (count += 1));
    await until('it is handled', () => count === 1);
    expect(await recorded.collect()).toEqual({});
  });
});

describe('metrics without a meter provider', () => {
  const recorded = useMetrics({ meterProvider: false });
  useTracing({ tracerProvider: false });

  it('cost nothing: no time is taken, and the promise is the one of the driver', async () => {
    const promise = Promise.resolve<RecordMetadata[]>([]);
    const { producer } = doubled(() => promise);
    const now = vi.spyOn(performance, 'now');
    const send = () => producer.send({ topic: 'orders', messages: [{ value: 'v' }] });
    expect(send()).toBe(promise);
    expect(now).not.toHaveBeenCalled();

    recorded.register();
    await send();
    expect(now).toHaveBeenCalled();
    now.mockRestore();
    await recorded.one(SENT, 1);
  });

  it('begin when one is registered, also for clients that were there before', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    let count = 0;
    await consume(tracedKafka(), topic, async () => void (count += 1));
    await sendOne(producer, topic);
    await until('the first one is handled', () => count === 1);
    expect(await recorded.collect()).toEqual({});

    recorded.register();
    await sendOne(producer, topic);
    await recorded.one(SENT, 1);
    await recorded.one(CONSUMED, 1);
    await recorded.one(LAG, 0);
  });
});
