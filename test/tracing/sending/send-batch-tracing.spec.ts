import { type Attributes, ROOT_CONTEXT, SpanKind, context, propagation } from '@opentelemetry/api';
import { describe, expect, it, vi } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../../lib/kafka-tracing.options.js';
import { resolveOptions } from '../../../lib/resolve-options.js';
import type { DescribedMessage, KafkaEndpoint } from '../../../lib/tracing/attributes.js';
import { KafkaTracer } from '../../../lib/tracing/kafka-tracer.js';
import type { OutgoingMessages } from '../../../lib/tracing/sending/send-batch-tracing.js';
import type { RecordedSpan } from '../../../lib/testing/recorded-span.js';
import { recordReports } from '../../support/diag-reports.js';
import { expectChildOf, expectLinkedTo } from '../../support/expectations.js';
import { RecordingSampler } from '../../support/recording-sampler.js';
import { contextOf, remoteSpan, traceparent, traceparentOf } from '../../support/trace-context.js';
import { useTracing } from '../../support/tracing.js';
import { unreadable } from '../../support/unreadable.js';

const ENDPOINT = { clientId: 'orders', brokers: ['kafka.test:9092'] };

/** Sends messages of several topics well; what each of them carries, topic by topic. */
function send(
  batch: Readonly<Record<string, readonly DescribedMessage[]>>,
  options: KafkaTracingModuleOptions = {},
  endpoint: KafkaEndpoint = ENDPOINT,
): readonly (readonly (string | undefined)[])[] {
  const outgoing: OutgoingMessages[] = Object.entries(batch).map(([topic, messages]) => ({
    topic,
    messages,
  }));
  const kafka = new KafkaTracer(resolveOptions({ semconv: 'latest', ...options }));
  const sending = kafka.startSendOfMany(endpoint, outgoing);
  sending.succeeded([]);
  return sending.headers.map((ofTopic) =>
    ofTopic.map((headers) => (headers as Readonly<Record<string, string>> | undefined)?.['traceparent']),
  );
}

function carrying(number: number): DescribedMessage {
  return { headers: { traceparent: traceparent(number) } };
}

function linkedIds({ links }: RecordedSpan): readonly string[] {
  return links.map((link) => link.context.spanId);
}

const original = (number: number): object => ({ 'x-original-traceparent': traceparent(number) });

const idOf = (number: number): string => remoteSpan(number).spanId;

const ofTopic = (operation: string, topic: string): Attributes => ({
  'messaging.system.name': 'kafka',
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
  'messaging.destination.name': topic,
  'messaging.client.id': 'orders',
  'server.address': 'kafka.test',
  'server.port': 9092,
});

describe('what a sampler is asked about a batch', () => {
  const sampler = new RecordingSampler();
  useTracing({ sampler });

  it('has what is the same for all messages of the topic or partition, and then how many there are', () => {
    send({ orders: [{ key: 'k', value: null, partition: 3 }, { value: 'v' }] });
    const kind = SpanKind.PRODUCER;
    expect(sampler.asked.splice(0)).toEqual([
      {
        name: 'create orders',
        kind,
        attributes: { ...ofTopic('create', 'orders'), 'messaging.destination.partition.id': '3' },
        links: 0,
      },
      { name: 'create orders', kind, attributes: ofTopic('create', 'orders'), links: 0 },
      {
        name: 'send orders',
        kind: SpanKind.CLIENT,
        attributes: { ...ofTopic('send', 'orders'), 'messaging.batch.message_count': 2 },
        links: 2,
      },
    ]);
  });

  it("has nothing of any message with `batch: 'single'`", () => {
    send({ orders: [{ key: 'k', value: null }, { value: 'v' }] }, { batch: 'single' });
    expect(sampler.asked.splice(0)).toEqual([
      {
        name: 'send orders',
        kind: SpanKind.PRODUCER,
        attributes: { ...ofTopic('send', 'orders'), 'messaging.batch.message_count': 2 },
        links: 0,
      },
    ]);
  });
});

describe('the `create` spans of a batch', () => {
  const spans = useTracing();

  it.each<[what: string, batch: Readonly<Record<string, readonly DescribedMessage[]>>]>([
    ['of several topics', { orders: [{}], stock: [{}, {}] }],
    ['of a topic that is not traced', { orders: [{}, {}], ticks: [{}] }],
    ['that carry a context already', { orders: [{}, carrying(1), carrying(2)] }],
  ])('are as many as `maxCreateSpans` at most, for which all messages count: %s', (_what, batch) => {
    const topics = [{ match: 'ticks', trace: false }];
    send(batch, { topics, maxCreateSpans: 2 });
    expect(spans.finished.filter(({ name }) => name.startsWith('create'))).toEqual([]);
    send(batch, { topics, maxCreateSpans: 3 });
    expect(spans.finished.filter(({ name }) => name.startsWith('create'))).not.toEqual([]);
  });

  it.each<[topics: KafkaTracingModuleOptions['topics']]>([
    [[{ match: 'ticks', trace: false }]],
    [[{ match: 'ticks', requireParent: true }]],
  ])('are only of topics that are traced, but all messages are counted: %j', async (topics) => {
    const [[order], [tick]] = send({ orders: [{}], ticks: [{}] }, { topics: topics ?? [] }) as [
      string[],
      string[],
    ];
    const create = await spans.one('create orders');
    const sent = await spans.one('send');
    expect(spans.finished).toHaveLength(2);
    expect([order, tick]).toEqual([traceparentOf(create), undefined]);
    expectLinkedTo(sent, create);
    expect(sent.kind).toBe(SpanKind.CLIENT);
    expect(sent.attributes['messaging.batch.message_count']).toBe(2);
  });

  it('are none where no topic is traced, and there is no `send` either', () => {
    const headers = context.with(contextOf(1), () =>
      send({ orders: [{}, {}], ticks: [{}] }, { trace: false }),
    );
    expect(headers).toEqual([[traceparent(1), traceparent(1)], [traceparent(1)]]);
    expect(spans.finished).toEqual([]);
  });

  it('are there also where their topic cannot be described', async () => {
    const reports = recordReports();
    const [[first, second]] = send({ orders: [{ key: 'k' }, {}] }, {}, { brokers: unreadable() }) as [
      string[],
    ];
    const creates = await spans.all('create orders', 2);
    const sent = await spans.one('send orders');
    expect([first, second]).toEqual(creates.map(traceparentOf));
    expectLinkedTo(sent, ...creates);
    expect([...creates, sent].map(({ attributes }) => attributes)).toEqual([
      { 'kafka.message.key': 'k' },
      {},
      {},
    ]);
    expect([...reports].sort()).toEqual([
      expect.stringContaining('failed to describe a batch'),
      expect.stringContaining('failed to describe a topic'),
    ]);
  });
});

describe('a message whose partition cannot be read', () => {
  const spans = useTracing();

  it('has its spans all the same, and so have those beside it', async () => {
    const message: DescribedMessage = {
      key: 'k',
      get partition(): never {
        throw new Error('boom');
      },
    };
    expect(send({ orders: [message, {}] })[0]).not.toContain(undefined);
    const [first] = await spans.all('create orders', 2);
    expect(first?.attributes).toEqual({ 'kafka.message.key': 'k' });
    expectLinkedTo(await spans.one('send orders'), ...(await spans.all('create orders', 2)));
  });
});

describe('the propagator', () => {
  useTracing();

  it.each<[what: string, options: KafkaTracingModuleOptions, times: number]>([
    ['once for messages that carry the context of their send', { batch: 'single' }, 1],
    ['for each that carries a context of its own', {}, 3],
  ])('is asked %s', (_what, options, times) => {
    const asked = vi.spyOn(propagation, 'inject');
    const [carried] = send({ orders: [{}, { headers: { tenant: 'blue' } }, {}] }, options);
    expect(asked).toHaveBeenCalledTimes(times);
    asked.mockRestore();
    expect(new Set(carried).size).toBe(times);
    expect(carried).not.toContain(undefined);
  });
});

describe('the links of a `send` of several messages', () => {
  const spans = useTracing();

  it('are first those to what its messages carry, and then those to where these were created first', async () => {
    const both = { headers: { traceparent: traceparent(1), ...original(5) } };
    send({ orders: [both, { headers: original(6) }, carrying(2)], stock: [{}] });
    const [ofOrders, ofStock] = [await spans.one('create orders'), await spans.one('create stock')];
    expect(linkedIds(await spans.one('send'))).toEqual([
      idOf(1),
      ofOrders.spanContext().spanId,
      idOf(2),
      ofStock.spanContext().spanId,
      idOf(5),
    ]);
    expect(linkedIds(ofOrders)).toEqual([idOf(6)]);
  });

  it.each([
    [4, [1, 2, 5, 6]],
    [3, [1, 2, 5]],
    [1, [1]],
    [0, []],
  ])('are %i at most with that `maxLinks`, the first ones', async (maxLinks, linked) => {
    const messages = [1, 2].map((number) => ({
      headers: { traceparent: traceparent(number), ...original(number + 4) },
    }));
    send({ orders: messages }, { maxLinks });
    expect(linkedIds(await spans.one('send orders'))).toEqual(linked.map(idOf));
  });

  it('are to what it carries only once, however often that is', async () => {
    const once = { headers: { traceparent: traceparent(1), ...original(1) } };
    send({ orders: [once, once], stock: [carrying(1)] });
    expect(linkedIds(await spans.one('send'))).toEqual([idOf(1)]);
  });

  it('are first to its transaction, where that was begun in another span; that counts, too', async () => {
    const kafka = new KafkaTracer(resolveOptions({ maxLinks: 2 }));
    const transaction = context.with(contextOf(1), () => kafka.startTransaction(ENDPOINT, 't-1'));
    const batch = [{ topic: 'orders', messages: [{ headers: original(5) }, {}] }];
    context.with(contextOf(2), () => kafka.startSendOfMany(ENDPOINT, batch, transaction)).succeeded([]);
    transaction.committed();
    const span = await spans.one('transaction');
    const [first, second] = (await spans.all('create orders', 2)) as [RecordedSpan, RecordedSpan];
    const sent = await spans.one('send orders');
    expectLinkedTo(sent, span, first);
    expectLinkedTo(second, span);
    expect(linkedIds(first)).toEqual([span.spanContext().spanId, idOf(5)]);
    [sent, first, second].forEach((one) => expect(one.parentSpanContext?.spanId).toBe(idOf(2)));
  });

  it('are none to a transaction that is its parent', async () => {
    const kafka = new KafkaTracer(resolveOptions({}));
    const transaction = context.with(ROOT_CONTEXT, () => kafka.startTransaction(ENDPOINT, 't-1'));
    kafka.startSendOfMany(ENDPOINT, [{ topic: 'orders', messages: [{}, {}] }], transaction).succeeded([]);
    transaction.committed();
    const creates = await spans.all('create orders', 2);
    const sent = await spans.one('send orders');
    expectLinkedTo(sent, ...creates);
    for (const one of [sent, ...creates]) {
      expectChildOf(one, await spans.one('transaction'));
    }
  });
});

describe('the kind of a `send` of several messages', () => {
  const spans = useTracing();

  it.each<[what: string, batch: Readonly<Record<string, readonly DescribedMessage[]>>, kind: SpanKind]>([
    [
      'all have a context of their own',
      { single: [carrying(1)], orders: [{}, carrying(2)] },
      SpanKind.CLIENT,
    ],
    ['one carries the context of the send', { single: [carrying(1), {}], orders: [{}] }, SpanKind.PRODUCER],
    ['one that carries it is not traced', { ticks: [{}], orders: [{}] }, SpanKind.CLIENT],
  ])('says whether messages carry its context: %s', async (_what, batch, kind) => {
    const topics = [
      { match: 'single', batch: 'single' },
      { match: 'ticks', trace: false },
    ] as const;
    send(batch, { topics });
    expect((await spans.one('send')).kind).toBe(kind);
  });
});
