import { inspect } from 'node:util';
import { ROOT_CONTEXT, SpanKind, TraceFlags, context, trace } from '@opentelemetry/api';
import { AlwaysOnSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace-base';
import type { ICustomPartitioner, Message, ProducerBatch, RecordMetadata } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { deepFrozen } from '../support/deep-frozen.js';
import { doubled } from '../support/doubled-driver.js';
import { expectChildOf, expectLinkedTo, expectRoot } from '../support/expectations.js';
import { connected, freshTopic, readPlain } from '../support/kafka.js';
import { contextOf, remoteSpan, traceparent, traceparentOf, withBaggage } from '../support/trace-context.js';
import { consume, plainProducer, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';

type Headers = Readonly<Record<string, unknown>>;

/** The headers of a topic with one partition, as text, in the order of its messages. */
async function headersIn(topic: string, count: number): Promise<readonly Headers[]> {
  return (await readPlain(topic, count)).map(({ headers }) =>
    Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])),
  );
}

function linkedIds({ links }: RecordedSpan): readonly string[] {
  return links.map((link) => link.context.spanId);
}

describe('contexts that messages of a batch carry already', () => {
  const spans = useTracing();

  it('are kept byte for byte and linked to, beside `create` spans of the others', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ correlationId: 'id' });
    const preset = { TraceParent: Buffer.from(traceparent(1)), tracestate: 'a=1', own: ['x', 'y'] };
    await inSpan('caller', () =>
      producer.send({
        topic,
        messages: [{ value: '0' }, { value: '1', headers: preset }, { value: '2', headers: { a: 'b' } }],
      }),
    );
    const [first, last] = await spans.all(`create ${topic}`, 2);
    const send = await spans.one(`send ${topic}`);
    expect(send.kind).toBe(SpanKind.CLIENT);
    expectChildOf(send, await spans.one('caller'));
    expect(linkedIds(send)).toEqual([
      first?.spanContext().spanId,
      remoteSpan(1).spanId,
      last?.spanContext().spanId,
    ]);
    const { traceId } = send.spanContext();
    const messages = await readPlain(topic, 3);
    expect(messages[1]?.headers).toEqual({
      TraceParent: Buffer.from(traceparent(1)),
      tracestate: Buffer.from('a=1'),
      own: [Buffer.from('x'), Buffer.from('y')],
      id: Buffer.from(remoteSpan(1).traceId),
    });
    expect([await headersIn(topic, 3)].flat().filter((_headers, index) => index !== 1)).toEqual([
      { traceparent: traceparentOf(first as RecordedSpan), id: traceId },
      { a: 'b', traceparent: traceparentOf(last as RecordedSpan), id: traceId },
    ]);
  });

  it('leave no `create` span where all have one, and each is linked to once', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    const messages = [1, 2, 1].map((number) => ({
      value: 'v',
      headers: { traceparent: [traceparent(9), traceparent(number)] },
    }));
    await producer.send({ topic, messages });
    const send = await spans.one(`send ${topic}`);
    expect(spans.finished).toEqual([send]);
    expect(send.kind).toBe(SpanKind.CLIENT);
    expectRoot(send);
    expect(linkedIds(send)).toEqual([remoteSpan(1).spanId, remoteSpan(2).spanId]);
    expect(await headersIn(topic, 3)).toEqual(
      [1, 2, 1].map((number) => ({ traceparent: traceparent(number) })),
    );
  });

  it("are kept also with batch: 'single', and the others carry the context of the send", async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ batch: 'single' });
    const messages = [{ value: '0' }, { value: '1', headers: { traceparent: traceparent(1) } }];
    await producer.send({ topic, messages });
    const send = await spans.one(`send ${topic}`);
    expect(send.kind).toBe(SpanKind.PRODUCER);
    expect(linkedIds(send)).toEqual([remoteSpan(1).spanId]);
    expect(await headersIn(topic, 2)).toEqual([
      { traceparent: traceparentOf(send) },
      { traceparent: traceparent(1) },
    ]);
  });

  it("are replaced with existingContext: 'overwrite'", async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ existingContext: 'overwrite' });
    const stale = { Traceparent: traceparent(1), tracestate: 'a=1', baggage: 'b=1', c: 'd' };
    await producer.send({ topic, messages: [{ value: '0', headers: stale }, { value: '1' }] });
    const creates = await spans.all(`create ${topic}`, 2);
    expectLinkedTo(await spans.one(`send ${topic}`), ...creates);
    expect(await headersIn(topic, 2)).toEqual([
      { c: 'd', traceparent: traceparentOf(creates[0] as RecordedSpan) },
      { traceparent: traceparentOf(creates[1] as RecordedSpan) },
    ]);
  });

  it('are refreshed where they are an echo of the message that is handled', async () => {
    const [topic, next] = [await freshTopic(), await freshTopic('next')];
    const producer = await tracedProducer();
    await consume(tracedKafka(), topic, async ({ message: { value, headers } }) => {
      const copy = { value, headers: { ...headers } };
      await producer.send({ topic: next, messages: [copy, { value: 'other' }, copy] });
    });
    await sendOne(producer, topic, { headers: { a: 'b' } });
    const creates = await spans.all(`create ${next}`, 3);
    const process = await spans.one(`process ${topic}`);
    creates.forEach((create) => expectChildOf(create, process));
    expectLinkedTo(await spans.one(`send ${next}`), ...creates);
    const [first, second, third] = creates.map(traceparentOf);
    expect(await headersIn(next, 3)).toEqual([
      { a: 'b', traceparent: first },
      { traceparent: second },
      { a: 'b', traceparent: third },
    ]);
  });

  it.each(['create', 'single'] as const)(
    "are linked to where a dead letter kept them, with batch: '%s'",
    async (batch) => {
      const { producer } = doubled(async () => [], { batch });
      const messages = [1, 2].map((number) => ({
        value: 'v',
        headers: { 'x-original-traceparent': traceparent(number) },
      }));
      await producer.send({ topic: 't', messages });
      const originals = [remoteSpan(1).spanId, remoteSpan(2).spanId];
      const send = await spans.one('send t');
      expect(spans.named('create t').map(linkedIds)).toEqual(
        batch === 'create' ? originals.map((id) => [id]) : [],
      );
      expect(linkedIds(send)).toEqual(
        batch === 'create' ? spans.named('create t').map((span) => span.spanContext().spanId) : originals,
      );
    },
  );
});

describe('what messages of a batch carry', () => {
  const spans = useTracing();

  it('is the baggage of the caller, too, and the trace id in the `correlationId` header', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ correlationId: 'correlation_id' });
    const blue = withBaggage(ROOT_CONTEXT, { tenant: 'blue' });
    await context.with(blue, () =>
      inSpan('caller', () =>
        producer.send({
          topic,
          messages: [{ value: '0' }, { value: '1', headers: { correlation_id: 'mine' } }],
        }),
      ),
    );
    const [first, second] = await spans.all(`create ${topic}`, 2);
    expect(await headersIn(topic, 2)).toEqual([
      {
        traceparent: traceparentOf(first as RecordedSpan),
        baggage: 'tenant=blue',
        correlation_id: first?.spanContext().traceId,
      },
      {
        traceparent: traceparentOf(second as RecordedSpan),
        baggage: 'tenant=blue',
        correlation_id: 'mine',
      },
    ]);
  });

  it('is nothing with `propagate: false`, and the spans are there', async () => {
    const { producer, send } = doubled(async () => [], { propagate: false });
    const record = {
      topic: 't',
      messages: [{ value: '0', headers: { traceparent: traceparent(1) } }, { value: '1' }],
    };
    await inSpan('caller', () => producer.send(record));
    expect(send.mock.calls[0]?.[0]).toBe(record);
    expectLinkedTo(await spans.one('send t'), ...(await spans.all('create t', 2)));
  });

  it.each(['create', 'single'] as const)(
    "is nothing for one topic of a batch with `propagate: false`, with batch: '%s'",
    async (batch) => {
      const [orders, partners] = [await freshTopic('orders'), await freshTopic('partners')];
      const producer = await tracedProducer({ batch, topics: [{ match: 'partners-*', propagate: false }] });
      const topicMessages = [orders, partners].map((topic) => ({ topic, messages: [{ value: 'v' }] }));
      await producer.sendBatch({ topicMessages });
      const send = await spans.one('send');
      const [created = send] = spans.named(`create ${orders}`);
      expect(await headersIn(orders, 1)).toEqual([{ traceparent: traceparentOf(created) }]);
      expect(await headersIn(partners, 1)).toEqual([{}]);
    },
  );

  it('is what is active with `trace: false`, and there are no spans', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ trace: false });
    await context.with(contextOf(1, { tenant: 'blue' }), () =>
      producer.send({ topic, messages: [{ value: '0' }, { value: '1' }] }),
    );
    const active = { traceparent: traceparent(1), baggage: 'tenant=blue' };
    expect(await headersIn(topic, 2)).toEqual([active, active]);
    expect(spans.finished).toEqual([]);
  });

  it.each(['create', 'single'] as const)(
    "is what is active for one topic of a batch with `trace: false`, with batch: '%s'",
    async (batch) => {
      const [orders, ticks] = [await freshTopic('orders'), await freshTopic('ticks')];
      const producer = await tracedProducer({ batch, topics: [{ match: 'ticks-*', trace: false }] });
      const topicMessages = [orders, ticks].map((topic) => ({ topic, messages: [{ value: 'v' }] }));
      await context.with(contextOf(1), () => producer.sendBatch({ topicMessages }));
      expect(await headersIn(ticks, 1)).toEqual([{ traceparent: traceparent(1) }]);
      const send = await spans.one('send');
      const [created = send] = spans.named(`create ${orders}`);
      expect(await headersIn(orders, 1)).toEqual([{ traceparent: traceparentOf(created) }]);
      expect(send.kind).toBe(batch === 'create' ? SpanKind.CLIENT : SpanKind.PRODUCER);
      expect(linkedIds(send)).toEqual(batch === 'create' ? [created.spanContext().spanId] : []);
      expect(spans.named(`create ${ticks}`)).toEqual([]);
    },
  );

  it('is what is active with `requireParent` outside of a span, and inside one all is traced', async () => {
    const { producer, send } = doubled(async () => [], { requireParent: true });
    const record = { topic: 't', messages: [{ value: '0' }, { value: '1', headers: { a: 'b' } }] };
    await producer.send(record);
    expect(send.mock.calls[0]?.[0]).toBe(record);
    await context.with(withBaggage(ROOT_CONTEXT, { tenant: 'blue' }), () => producer.send(record));
    expect(send.mock.calls[1]?.[0].messages).toEqual([
      { value: '0', headers: { baggage: 'tenant=blue' } },
      { value: '1', headers: { a: 'b', baggage: 'tenant=blue' } },
    ]);
    expect(spans.finished).toEqual([]);
    await inSpan('caller', () => producer.send(record));
    const caller = await spans.one('caller');
    (await spans.all('create t', 2)).forEach((create) => expectChildOf(create, caller));
    expectChildOf(await spans.one('send t'), caller);
  });
});

describe('a batch that is not sampled', () => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });

  it('has no spans, and each message carries a context of its own that says so', () => {
    const promise = new Promise<RecordMetadata[]>(() => {});
    const { producer, send } = doubled(() => promise);
    const unsampled = trace.setSpanContext(ROOT_CONTEXT, remoteSpan(1, TraceFlags.NONE));
    context.with(unsampled, () => {
      expect(producer.send({ topic: 't', messages: [{ value: '0' }, { value: '1' }] })).toBe(promise);
    });
    const carried = send.mock.calls[0]?.[0].messages.map(({ headers }) => String(headers?.['traceparent']));
    expect(new Set(carried).size).toBe(2);
    carried?.forEach((one) =>
      expect(one).toMatch(new RegExp(`^00-${remoteSpan(1).traceId}-[\\da-f]{16}-00$`)),
    );
    expect(spans.finished).toEqual([]);
  });
});

describe("the caller's batch", () => {
  const spans = useTracing();
  const shared = { a: 'b' };
  const headerless: Message = { key: 'k', value: null };

  it.each<[what: string, batch: () => ProducerBatch]>([
    ['plain', () => batchOf([{ key: 'k', value: 'v', headers: { a: ['b', 'c'] } }, { value: 'w' }])],
    [
      'binary',
      () => batchOf([{ value: Buffer.from([0, 0xff]), headers: { a: Buffer.from([0xfe]) } }, { value: 'w' }]),
    ],
    [
      'with one headers object in two messages',
      () =>
        batchOf([
          { value: '0', headers: shared },
          { value: '1', headers: shared },
        ]),
    ],
    ['with one message twice', () => batchOf([headerless, headerless])],
    ['with stale headers', () => batchOf([{ value: '0', headers: { Traceparent: 'x' } }, { value: '1' }])],
    ['of one message', () => batchOf([{ value: '0', headers: { a: 'b' } }])],
  ])('is as it was afterwards, also deeply frozen: %s', async (_what, batch) => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    const given = batch();
    given.topicMessages?.forEach((ofTopic) => Object.assign(ofTopic, { topic }));
    const before = inspect(given, { depth: 9 });
    const parts = given.topicMessages?.flatMap(({ messages }) => [messages, ...messages]);
    await producer.sendBatch(given);
    expect(inspect(given, { depth: 9 })).toBe(before);
    given.topicMessages
      ?.flatMap(({ messages }) => [messages, ...messages])
      .forEach((part, index) => expect(part).toBe(parts?.[index]));
    await producer.sendBatch(deepFrozen(given));
    const count = given.topicMessages?.flatMap(({ messages }) => messages).length ?? 0;
    const carried = (await headersIn(topic, 2 * count)).map((headers) => headers['traceparent']);
    expect(new Set(carried).size).toBe(2 * count);
    await spans.all(`send ${topic}`, 2);
  });

  it('comes to the wire as without tracing, but for the propagation headers', async () => {
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
      await producer.sendBatch({ topicMessages: [{ topic, messages }] });
    }
    const [traced, plain] = [await readPlain(topics[0], 3), await readPlain(topics[1], 3)];
    const bare = traced.map(({ headers: { traceparent: _traceparent, ...headers } = {}, ...rest }) => ({
      ...rest,
      headers,
    }));
    expect(bare.map(withoutSize)).toEqual(plain.map(withoutSize));
    expect(bare.map(({ headers }) => Object.keys(headers))).toEqual([['b', 'a'], [], []]);
  });

  it('may be of classes that compute it, with messages whose class a partitioner sees', async () => {
    const topic = await freshTopic('orders', { partitions: 2 });
    class Order {
      readonly #id: string;
      constructor(id: string) {
        this.#id = id;
      }
      get value(): string {
        return this.#id;
      }
      lane(): number {
        return 1;
      }
    }
    class Sent {
      readonly #topicMessages = [{ topic, messages: [new Order('a'), new Order('b')] }];
      get topicMessages(): { topic: string; messages: Message[] }[] {
        return this.#topicMessages;
      }
      get acks(): number {
        return 1;
      }
    }
    const createPartitioner: ICustomPartitioner = () => (args) => (args.message as unknown as Order).lane();
    const producer = await connected(tracedKafka().producer({ createPartitioner }));
    expect(await producer.sendBatch(new Sent())).toMatchObject([{ partition: 1, baseOffset: '0' }]);
    expect((await readPlain(topic, 2)).map(({ value }) => String(value))).toEqual(['a', 'b']);
    const creates = await spans.all(`create ${topic}`, 2);
    expect((await headersIn(topic, 2)).map((headers) => headers['traceparent'])).toEqual(
      creates.map(traceparentOf),
    );
  });
});

describe('a batch without any SDK', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it("is the driver's own promise of the caller's own batch", () => {
    const promise = new Promise<RecordMetadata[]>(() => {});
    const { producer, send, sendBatch } = doubled(() => promise, { correlationId: 'id' });
    sendBatch.mockReturnValue(promise);
    const record = { topic: 't', messages: [{ value: '0', headers: { a: 'b' } }, { value: '1' }] };
    const batch = { topicMessages: [record, { ...record, topic: 'other' }] };
    expect(producer.send(record)).toBe(promise);
    expect(send.mock.calls[0]?.[0]).toBe(record);
    expect(producer.sendBatch(batch)).toBe(promise);
    expect(sendBatch.mock.calls[0]?.[0]).toBe(batch);
  });
});

function batchOf(messages: Message[]): ProducerBatch {
  return { acks: -1, topicMessages: [{ topic: '', messages }] };
}

function withoutSize(message: object): object {
  return { ...message, size: undefined, batchContext: undefined };
}
