import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { Message, RecordMetadata, TopicMessages } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { doubled } from '../support/doubled-driver.js';
import {
  exceptionsOf,
  expectChildOf,
  expectFailed,
  expectLinkedTo,
  expectUnset,
} from '../support/expectations.js';
import { clientConfig, freshName, freshTopic, readPlain } from '../support/kafka.js';
import { refusalOf } from '../support/refusal.js';
import { traceparentOf } from '../support/trace-context.js';
import { consume, plainProducer, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';

/** So many messages, whose values are numbers from 0 up. */
function messages(count: number, more: Partial<Message> = {}): Message[] {
  return Array.from({ length: count }, (_, number) => ({ value: `${number}`, ...more }));
}

/** The attributes of every span of a traced producer. */
function ofOperation(operation: string, more: Attributes = {}): Attributes {
  const [address, port] = (clientConfig('').brokers[0] as string).split(':');
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.client.id': 'traced',
    'server.address': address,
    'server.port': Number(port),
    ...more,
  };
}

/** The traceparents of a topic with one partition, in their order on the wire. */
async function carriedIn(topic: string, count: number): Promise<readonly string[]> {
  return (await readPlain(topic, count)).map(({ headers }) => String(headers?.['traceparent']));
}

describe('a send of several messages', () => {
  const spans = useTracing();

  it('has a `create` span for each, whose context it carries, and a `send` span that links to them', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest' });
    await inSpan('caller', () =>
      producer.send({ topic, messages: [{ key: 'a', value: '0' }, { value: null }, { value: '2' }] }),
    );
    const creates = await spans.all(`create ${topic}`, 3);
    const send = await spans.one(`send ${topic}`);
    const caller = await spans.one('caller');
    for (const create of creates) {
      expect(create).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
      expectChildOf(create, caller);
      expectUnset(create);
    }
    const ofCreate = ofOperation('create', { 'messaging.destination.name': topic });
    expect(creates.map(({ attributes }) => attributes)).toEqual([
      { ...ofCreate, 'kafka.message.key': 'a' },
      { ...ofCreate, 'kafka.message.tombstone': true },
      ofCreate,
    ]);
    expect(send.kind).toBe(SpanKind.CLIENT);
    expectChildOf(send, caller);
    expectLinkedTo(send, ...creates);
    expectUnset(send);
    expect(send.attributes).toEqual(
      ofOperation('send', {
        'messaging.destination.name': topic,
        'messaging.batch.message_count': 3,
        'messaging.destination.partition.id': '0',
      }),
    );
    expect(await carriedIn(topic, 3)).toEqual(creates.map(traceparentOf));
  });

  it('has ended the `create` spans before the driver is called', async () => {
    const { producer, send } = doubled(async () => []);
    send.mockImplementationOnce(async () => {
      expect(spans.finished.map(({ name }) => name)).toEqual(['create t', 'create t']);
      expect(spans.open.map(({ name }) => name)).toEqual(['send t']);
      return [];
    });
    const pending = producer.send({ topic: 't', messages: messages(2) });
    expect(send).toHaveBeenCalledOnce();
    await pending;
    await spans.one('send t');
  });

  it('makes each message the child of its own `create` span where it is handled', async () => {
    const topic = await freshTopic();
    await consume(tracedKafka(), topic, async () => {});
    const producer = await tracedProducer();
    await producer.send({ topic, messages: messages(2) });
    const creates = await spans.all(`create ${topic}`, 2);
    const processed = await spans.all(`process ${topic}`, 2);
    creates.forEach((create, index) => {
      expect(processed[index]).toBeProcessSpanOf(create);
      expectChildOf(processed[index] as RecordedSpan, create);
    });
  });

  it('says no partition where there are several', async () => {
    const topic = await freshTopic('orders', { partitions: 2 });
    const producer = await tracedProducer();
    const [first, second] = messages(2);
    await producer.send({
      topic,
      messages: [
        { ...first, partition: 0 },
        { ...second, partition: 1 },
      ] as Message[],
    });
    const { attributes } = await spans.one(`send ${topic}`);
    expect(attributes).not.toHaveProperty(['messaging.destination.partition.id']);
    expect(
      spans.named(`create ${topic}`).map((span) => span.attributes['messaging.destination.partition.id']),
    ).toEqual(['0', '1']);
  });

  it('calls topics by their template', async () => {
    const topic = await freshTopic('replies');
    const producer = await tracedProducer({ topics: [{ match: 'replies-*', template: 'replies-{id}' }] });
    await producer.send({ topic, messages: messages(2) });
    const template = {
      'messaging.destination.template': 'replies-{id}',
      'messaging.destination.name': topic,
    };
    expect((await spans.one('send replies-{id}')).attributes).toMatchObject(template);
    for (const create of await spans.all('create replies-{id}', 2)) {
      expect(create.attributes).toMatchObject(template);
    }
  });

  it('of one message only has no `create` span', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    await producer.send({ topic, messages: messages(1) });
    expect(await spans.one(`send ${topic}`)).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    expect(spans.finished).toHaveLength(1);
  });
});

describe('`sendBatch`', () => {
  const spans = useTracing();

  it('over one topic has the spans of a send of several messages', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest' });
    const batch = { topicMessages: [{ topic, messages: messages(2) }] };
    await inSpan('caller', () => producer.sendBatch(batch));
    const creates = await spans.all(`create ${topic}`, 2);
    const send = await spans.one(`send ${topic}`);
    expectLinkedTo(send, ...creates);
    [send, ...creates].forEach((span) => expectChildOf(span, spans.named('caller')[0] as RecordedSpan));
    expect(send.attributes).toEqual(
      ofOperation('send', {
        'messaging.destination.name': topic,
        'messaging.batch.message_count': 2,
        'messaging.destination.partition.id': '0',
      }),
    );
    expect(await carriedIn(topic, 2)).toEqual(creates.map(traceparentOf));
  });

  it('over several topics has one `send` span that names none of them', async () => {
    const [orders, stock] = [await freshTopic('orders'), await freshTopic('stock')];
    const producer = await tracedProducer({ semconv: 'latest' });
    const topicMessages = [
      { topic: orders, messages: messages(2) },
      { topic: stock, messages: messages(1) },
    ];
    await inSpan('caller', () => producer.sendBatch({ topicMessages }));
    const ofOrders = await spans.all(`create ${orders}`, 2);
    const ofStock = await spans.one(`create ${stock}`);
    const send = await spans.one('send');
    expect(send.kind).toBe(SpanKind.CLIENT);
    expectLinkedTo(send, ...ofOrders, ofStock);
    expectChildOf(send, await spans.one('caller'));
    expect(send.attributes).toEqual(ofOperation('send', { 'messaging.batch.message_count': 3 }));
    expect(ofStock.attributes).toEqual(ofOperation('create', { 'messaging.destination.name': stock }));
    expect(await carriedIn(orders, 2)).toEqual(ofOrders.map(traceparentOf));
    expect(await carriedIn(stock, 1)).toEqual([traceparentOf(ofStock)]);
  });

  it('that names a topic twice is a send to one topic', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    const topicMessages = [
      { topic, messages: messages(2) },
      { topic, messages: [{ value: '2' }] },
    ];
    await producer.sendBatch({ topicMessages });
    const creates = await spans.all(`create ${topic}`, 3);
    const send = await spans.one(`send ${topic}`);
    expectLinkedTo(send, ...creates);
    expect(send.attributes).toMatchObject({
      'messaging.destination.name': topic,
      'messaging.batch.message_count': 3,
    });
    expect(await carriedIn(topic, 3)).toEqual(creates.map(traceparentOf));
  });

  it.each<[what: string, batchOf: (topic: string, empty: string) => TopicMessages[]]>([
    ['alone', (topic) => [{ topic, messages: messages(1) }]],
    [
      'before an empty topic',
      (topic, empty) => [
        { topic, messages: messages(1) },
        { topic: empty, messages: [] },
      ],
    ],
    [
      'behind an empty topic',
      (topic, empty) => [
        { topic: empty, messages: [] },
        { topic, messages: messages(1) },
      ],
    ],
    [
      'beside the same topic without any',
      (topic) => [
        { topic, messages: [] },
        { topic, messages: messages(1) },
      ],
    ],
  ])('of one message is a send of one message: %s', async (_what, batchOf) => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest' });
    const batch = { topicMessages: batchOf(topic, await freshTopic('empty')) };
    const given = structuredClone(batch);
    const metadata = await inSpan('caller', () => producer.sendBatch(batch));
    expect(metadata).toMatchObject([{ topicName: topic, partition: 0, baseOffset: '0' }]);
    expect(batch).toEqual(given);
    const send = await spans.one(`send ${topic}`);
    expect(send).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    expectChildOf(send, await spans.one('caller'));
    expect(send.attributes).toEqual(
      ofOperation('send', {
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': '0',
        'kafka.offset': 0,
      }),
    );
    expect(spans.finished).toHaveLength(2);
    expect(await carriedIn(topic, 1)).toEqual([traceparentOf(send)]);
  });

  it('with an empty topic beside another one is a send to that one', async () => {
    const [empty, topic] = [await freshTopic('empty'), await freshTopic()];
    const producer = await tracedProducer();
    const topicMessages = [
      { topic: empty, messages: [] },
      { topic, messages: messages(2) },
    ];
    await producer.sendBatch({ topicMessages });
    const creates = await spans.all(`create ${topic}`, 2);
    expectLinkedTo(await spans.one(`send ${topic}`), ...creates);
    expect(await carriedIn(topic, 2)).toEqual(creates.map(traceparentOf));
  });
});

describe("with `batch: 'single'`", () => {
  const spans = useTracing();

  it('there is one `send` span, whose context all messages carry', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest', batch: 'single' });
    await inSpan('caller', () => producer.send({ topic, messages: messages(3) }));
    const send = await spans.one(`send ${topic}`);
    expect(send).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    expectChildOf(send, await spans.one('caller'));
    expect(send.attributes).toEqual(
      ofOperation('send', {
        'messaging.destination.name': topic,
        'messaging.batch.message_count': 3,
        'messaging.destination.partition.id': '0',
      }),
    );
    expect(spans.finished).toHaveLength(2);
    const traceparent = traceparentOf(send);
    expect(await carriedIn(topic, 3)).toEqual([traceparent, traceparent, traceparent]);
  });

  it('for one topic of a batch, the others keep their `create` spans', async () => {
    const [orders, ticks] = [await freshTopic('orders'), await freshTopic('ticks')];
    const producer = await tracedProducer({ topics: [{ match: 'ticks-*', batch: 'single' }] });
    const topicMessages = [
      { topic: ticks, messages: messages(2) },
      { topic: orders, messages: messages(2) },
    ];
    await producer.sendBatch({ topicMessages });
    const creates = await spans.all(`create ${orders}`, 2);
    const send = await spans.one('send');
    expect(send.kind).toBe(SpanKind.PRODUCER);
    expectLinkedTo(send, ...creates);
    expect(spans.finished).toHaveLength(3);
    expect(await carriedIn(orders, 2)).toEqual(creates.map(traceparentOf));
    expect(await carriedIn(ticks, 2)).toEqual([traceparentOf(send), traceparentOf(send)]);
  });
});

describe('the limits of a batch', () => {
  const spans = useTracing();

  it.each<[options: object, most: number]>([
    [{}, 100],
    [{ maxCreateSpans: 2 }, 2],
    [{ maxCreateSpans: 0 }, 0],
  ])('more than `maxCreateSpans` messages have one `send` span: %j', async (options, most) => {
    const { producer, send } = doubled(async () => [], options);
    await producer.send({ topic: 'most', messages: messages(most) });
    await producer.send({ topic: 'more', messages: messages(Math.max(2, most + 1)) });
    expect(spans.named('create most')).toHaveLength(most);
    expect(spans.named('create more')).toEqual([]);
    const one = await spans.one('send more');
    expect(one).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    const carried = send.mock.calls.at(-1)?.[0].messages.map(({ headers }) => headers?.['traceparent']);
    expect(new Set(carried)).toEqual(new Set([traceparentOf(one)]));
  });

  it.each<[options: object, most: number]>([
    [{}, 128],
    [{ maxLinks: 2 }, 2],
    [{ maxLinks: 0 }, 0],
  ])('a `send` span has no more than `maxLinks` links, the first ones: %j', async (options, most) => {
    const { producer } = doubled(async () => [], { maxCreateSpans: 1_000, ...options });
    await producer.send({ topic: 't', messages: messages(most + 2) });
    const creates = await spans.all('create t', most + 2);
    expectLinkedTo(await spans.one('send t'), ...creates.slice(0, most));
  });
});

describe('a batch that fails', () => {
  const spans = useTracing();

  it.each(['create', 'single'] as const)(
    "rejects as it does without tracing where a topic does not exist, with batch: '%s'",
    async (batch) => {
      const topic = `${freshName('no')} topic`; // A name that no broker takes.
      const rejections = [];
      for (const producer of [await tracedProducer({ batch }), await plainProducer()]) {
        rejections.push(await refusalOf(() => producer.send({ topic, messages: messages(2) })));
      }
      expect(rejections[0]).toEqual(rejections[1]);
      const message = rejections[0]?.message as string;
      const send = await spans.one(`send ${topic}`);
      expectFailed(send, 'INVALID_TOPIC_EXCEPTION', message);
      expect(exceptionsOf(send)).toEqual([message]);
      spans.named(`create ${topic}`).forEach(expectUnset);
      expect(spans.named(`create ${topic}`)).toHaveLength(batch === 'create' ? 2 : 0);
    },
  );

  it.each<[what: string, given: Message[]]>([
    ['alone', [{ key: 'k' } as never]],
    ['among others', [{ value: 'v' }, { key: 'k', headers: { a: 'b' } } as never]],
  ])('is refused in the words of kafkajs for a message without a value: %s', async (_what, given) => {
    const [traced, plain] = [await tracedProducer(), await plainProducer()];
    const topic = freshName('never');
    const calls = [
      { topicMessages: [{ topic, messages: given }] },
      {
        topicMessages: [
          { topic: freshName('fine'), messages: messages(1) },
          { topic, messages: given },
        ],
      },
    ];
    for (const batch of calls) {
      const refusal = await refusalOf(() => traced.sendBatch(batch));
      expect(refusal).toEqual(await refusalOf(() => plain.sendBatch(batch)));
      expect(refusal?.message).toMatch(/^Invalid message without value .*"key":"k"/);
      const send = spans.finished.at(-1) as RecordedSpan;
      expect(send.name).toMatch(/^send/);
      expectFailed(send, 'KafkaJSNonRetriableError', refusal?.message as string);
    }
  });

  it('rejects with the very error of the driver', async () => {
    const error = new RangeError('of the broker');
    const { producer } = doubled(() => Promise.reject(error));
    await expect(producer.send({ topic: 't', messages: messages(2) })).rejects.toBe(error);
    expectFailed(await spans.one('send t'), 'RangeError', 'of the broker');
  });
});

describe('what a batch leaves as it is', () => {
  const spans = useTracing();

  it('the result of the driver', async () => {
    const result: RecordMetadata[] = [];
    const { producer } = doubled(async () => result);
    expect(await producer.send({ topic: 't', messages: messages(2) })).toBe(result);
    await spans.one('send t');
  });

  it('that `acks: 0` asks for no answer', async () => {
    const topic = await freshTopic();
    const [traced, plain] = [await tracedProducer(), await plainProducer()];
    const batch = { acks: 0, topicMessages: [{ topic, messages: messages(2) }] };
    expect(await traced.sendBatch(batch)).toEqual(await plain.sendBatch(batch));
    const { attributes } = await spans.one(`send ${topic}`);
    expect(attributes).not.toHaveProperty(['messaging.destination.partition.id']);
    expect(attributes['messaging.batch.message_count']).toBe(2);
  });
});
