import { inspect } from 'node:util';
import { SpanKind, context } from '@opentelemetry/api';
import type { ICustomPartitioner, Message, ProducerRecord } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { recordReports } from '../support/diag-reports.js';
import { doubled } from '../support/doubled-driver.js';
import { expectChildOf, expectFailed, expectUnset } from '../support/expectations.js';
import { connected, freshName, freshTopic, readPlain } from '../support/kafka.js';
import { refusalOf } from '../support/refusal.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { consume, plainProducer, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { afterTest, inSpan, useTracing } from '../support/tracing.js';

describe('a traced send', () => {
  const spans = useTracing();

  it('is a child of the caller, and has the partition and offset that the broker gave', async () => {
    const topic = await freshTopic('orders', { partitions: 2 });
    const producer = await tracedProducer();
    await inSpan('caller', () => sendOne(producer, topic, { partition: 1 }));
    const metadata = await inSpan('caller', () => sendOne(producer, topic, { partition: 1 }));
    expect(metadata).toMatchObject([{ topicName: topic, partition: 1, baseOffset: '1', errorCode: 0 }]);
    const [first, second] = await spans.all(`send ${topic}`, 2);
    expect(second?.attributes).toMatchObject({
      'messaging.destination.partition.id': '1',
      'kafka.offset': 1,
    });
    expect(first?.attributes).toMatchObject({ 'messaging.destination.partition.id': '1', 'kafka.offset': 0 });
    expectChildOf(first as never, spans.named('caller')[0] as never);
    expectUnset(first as never);
  });

  it.each<[what: string, message: Message]>([
    [
      'plain',
      {
        key: 'k',
        value: 'v',
        headers: { a: 'b', list: ['x', 'y'] },
        partition: 0,
        timestamp: '1700000000000',
      },
    ],
    ['binary', { key: Buffer.from([0xff]), value: Buffer.from([0, 1]), headers: { a: Buffer.from([0xfe]) } }],
    ['without headers', { value: 'v' }],
    ['a tombstone', { key: 'k', value: null }],
    ['with stale headers', { value: 'v', headers: { Traceparent: 'x' } }],
  ])('leaves the record as it was, also deeply frozen: %s', async (_what, message) => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    const record: ProducerRecord = { topic, acks: -1, messages: [message] };
    const before = inspect(record, { depth: 9 });
    const { messages } = record;
    await producer.send(record);
    expect(inspect(record, { depth: 9 })).toBe(before);
    expect(record.messages).toBe(messages);
    expect(messages[0]).toBe(message);
    await producer.send(deepFrozen(record));
    for (const { headers } of await readPlain(topic, 2)) {
      expect(headers?.['traceparent']).toBeInstanceOf(Buffer);
    }
  });

  it('puts the same bytes on the wire as without tracing, but for the propagation headers', async () => {
    const topics = [await freshTopic(), await freshTopic()] as const;
    const messages: Message[] = [
      { key: 'k', value: 'v', headers: { b: 'x', a: ['1', Buffer.from('2')] }, timestamp: '1700000000000' },
      { key: Buffer.from([0xff]), value: null, timestamp: '1700000000001' },
      { value: Buffer.from([0, 0xff]), headers: {}, timestamp: '1700000000002' },
    ];
    for (const [producer, topic] of [
      [await tracedProducer(), topics[0]],
      [await plainProducer(), topics[1]],
    ] as const) {
      for (const message of messages) {
        await producer.send({ topic, messages: [message] });
      }
    }
    const [traced, plain] = [await readPlain(topics[0], 3), await readPlain(topics[1], 3)];
    const bare = traced.map(({ headers: { traceparent: _traceparent, ...headers } = {}, ...rest }) => ({
      ...rest,
      headers,
    }));
    expect(bare.map(withoutSize)).toEqual(plain.map(withoutSize));
    expect(bare.map(({ headers }) => Object.keys(headers))).toEqual([['b', 'a'], [], []]);
  });

  it('gives two sends that share a headers object a context each', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    const headers = { a: 'b' };
    await sendOne(producer, topic, { headers });
    await sendOne(producer, topic, { headers });
    expect(headers).toEqual({ a: 'b' });
    const sent = await spans.all(`send ${topic}`, 2);
    expect(await traceparentsOf(topic, 2)).toEqual(
      sent.map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
    );
  });

  it('keeps a creation context that the message has byte for byte', async () => {
    const topic = await freshTopic();
    await sendOne(await tracedProducer(), topic, {
      headers: { TraceParent: traceparent(1), tracestate: 'a=1' },
    });
    const [message] = await readPlain(topic, 1);
    expect(message?.headers).toEqual({
      TraceParent: Buffer.from(traceparent(1)),
      tracestate: Buffer.from('a=1'),
    });
    expect(await spans.one(`send ${topic}`)).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: remoteSpan(1).spanId },
    });
  });

  it('refreshes the context of a message that is forwarded with its headers', async () => {
    const [topic, next] = [await freshTopic(), await freshTopic('next')];
    const producer = await tracedProducer();
    await consume(tracedKafka(), topic, async ({ message: { value, headers } }) => {
      await producer.send({ topic: next, messages: [{ value, headers: { ...headers } }] });
    });
    await sendOne(producer, topic, { headers: { a: 'b' } });
    const forward = await spans.one(`send ${next}`);
    expectChildOf(forward, await spans.one(`process ${topic}`));
    expect(forward).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    expect(await traceparentsOf(next, 1)).toEqual([
      `00-${forward.spanContext().traceId}-${forward.spanContext().spanId}-01`,
    ]);
  });

  it('lets a custom partitioner see the class of a message, and sends what its getters compute', async () => {
    const topic = await freshTopic('orders', { partitions: 3 });
    class Order {
      readonly #id = 'o-1';
      readonly lane = 2;
      get key(): string {
        return this.#id;
      }
      get value(): string {
        return `{"id":"${this.#id}"}`;
      }
      get headers(): Record<string, string> {
        return { id: this.#id };
      }
      laneOf(): number {
        return this.lane;
      }
    }
    const createPartitioner: ICustomPartitioner = () => (args) => (args.message as unknown as Order).laneOf();
    const producer = await connected(tracedKafka().producer({ createPartitioner }));
    const [metadata] = await producer.send({ topic, messages: [new Order()] });
    expect(metadata?.partition).toBe(2);
    const [message] = await readPlain(topic, 1);
    expect(message).toMatchObject({ key: Buffer.from('o-1'), value: Buffer.from('{"id":"o-1"}') });
    expect(Object.keys(message?.headers ?? {})).toEqual(['id', 'traceparent']);
  });

  it('sends a message that cannot be copied as it came, and ends the span', async () => {
    recordReports();
    const { producer, send } = doubled(async () => []);
    const extra = {
      enumerable: true,
      get: () => {
        throw new Error('hostile');
      },
    };
    const record = { topic: 't', messages: [Object.defineProperty({ value: 'v' }, 'extra', extra)] };
    await producer.send(record);
    expect(send.mock.calls[0]?.[0]).toBe(record);
    await spans.one('send t');
  });

  it('sends a record whose class computes it', async () => {
    const topic = await freshTopic();
    class Sent {
      readonly #topic = topic;
      get topic(): string {
        return this.#topic;
      }
      get messages(): Message[] {
        return [{ value: 'v' }];
      }
      get acks(): number {
        return 1;
      }
    }
    await (await tracedProducer()).send(new Sent());
    expect(await traceparentsOf(topic, 1)).toEqual([expect.any(String)]);
  });

  it('does not wait for an answer that `acks: 0` does not ask for', async () => {
    const topic = await freshTopic();
    const [traced, plain] = [await tracedProducer(), await plainProducer()];
    const record = { topic, acks: 0, messages: [{ value: 'v' }] };
    expect(await traced.send(record)).toEqual(await plain.send(record));
    const { attributes } = await spans.one(`send ${topic}`);
    expect(attributes).not.toHaveProperty('kafka.offset');
    expect(attributes).not.toHaveProperty(['messaging.destination.partition.id']);
  });

  it('calls the driver in the same tick, with its own `this` and in the context of the caller', async () => {
    const { producer, send } = doubled(async () => []);
    await inSpan('caller', async () => {
      const active = context.active();
      send.mockImplementationOnce(async () => {
        expect(context.active()).toBe(active);
        return [];
      });
      const pending = producer.send({ topic: 't', messages: [{ value: 'v' }] });
      expect(send).toHaveBeenCalledOnce();
      expect(send.mock.contexts[0]).toBe(producer);
      await pending;
    });
  });

  it.each([[undefined], [null], [{}], ['sent']])(
    'returns what somebody else made of the result: %j',
    async (result) => {
      const { producer } = doubled((async () => result) as never);
      expect(await producer.send({ topic: 't', messages: [{ value: 'v' }] })).toBe(result);
      await spans.one('send t');
    },
  );

  it('works on a driver that returns no promise', async () => {
    const { producer } = doubled((() => undefined) as never);
    expect(await producer.send({ topic: 't', messages: [{ value: 'v' }] })).toBeUndefined();
    await spans.one('send t');
  });

  it('throws what the driver throws, and ends the span', async () => {
    const { producer } = doubled(() => {
      throw new RangeError('at once');
    });
    expect(() => producer.send({ topic: 't', messages: [{ value: 'v' }] })).toThrow(
      new RangeError('at once'),
    );
    expectFailed(await spans.one('send t'), 'RangeError', 'at once');
  });

  it('rejects as it does without tracing when the topic does not exist', async () => {
    const topic = `${freshName('no')} topic`; // A name that no broker takes.
    const rejections = [];
    for (const producer of [await tracedProducer(), await plainProducer()]) {
      rejections.push(await refusalOf(() => sendOne(producer, topic)));
    }
    expect(rejections[0]).toEqual(rejections[1]);
    expectFailed(
      await spans.one(`send ${topic}`),
      'INVALID_TOPIC_EXCEPTION',
      rejections[0]?.message as string,
    );
  });

  it('still raises an unhandled rejection where nobody catches it', async () => {
    const raised: unknown[] = [];
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => raised.push(reason));
    afterTest(() => {
      process.removeAllListeners('unhandledRejection');
      others.forEach((listener) => process.on('unhandledRejection', listener));
    });
    const error = new Error('nobody cares');
    const { producer } = doubled(() => Promise.reject(error));
    void producer.send({ topic: 't', messages: [{ value: 'v' }] });
    await expect.poll(() => raised).toEqual([error]);
  });
});

function withoutSize(message: object): object {
  return { ...message, size: undefined, batchContext: undefined };
}

async function traceparentsOf(topic: string, count: number): Promise<readonly string[]> {
  return (await readPlain(topic, count)).map(({ headers }) => String(headers?.['traceparent']));
}

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    Object.values(value).forEach(deepFrozen);
    Object.freeze(value);
  }
  return value;
}
