import { ROOT_CONTEXT, SpanKind, context } from '@opentelemetry/api';
import type { Producer, Transaction } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { expectChildOf, expectLinkedTo, expectRoot, expectUnset } from '../support/expectations.js';
import { clientConfig, freshName, readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { remoteSpan, traceparent, traceparentOf, withBaggage } from '../support/trace-context.js';
import { consume, tracedKafka } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';
import { transactional, useCoordinators } from '../support/transactions.js';

const freshTopic = usePreparedTopics(12);

const TWO = [{ value: '0' }, { value: '1' }];

/** Begins a transaction, works in it and commits it. */
async function committed(producer: Producer, work: (transaction: Transaction) => Promise<unknown>) {
  const transaction = await producer.transaction();
  await work(transaction);
  await transaction.commit();
}

/** The headers of a topic with one partition, as text, in the order of its messages. */
async function headersIn(topic: string, count: number): Promise<readonly object[]> {
  return (await readPlain(topic, count)).map(({ headers }) =>
    Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])),
  );
}

const carrying = (spans: readonly RecordedSpan[]): readonly object[] =>
  spans.map((span) => ({ traceparent: traceparentOf(span) }));

useCoordinators();

describe('a transaction that is committed', () => {
  const spans = useTracing();

  it('is a span of the caller, from its begin to its commit', async () => {
    const transactionalId = freshName('tx');
    const producer = await transactional(tracedKafka({ semconv: 'latest' }), transactionalId);
    await inSpan('caller', async () => {
      const transaction = await producer.transaction();
      expect(spans.open.map(({ name }) => name)).toEqual(['caller', 'transaction']);
      await transaction.commit();
      expect(spans.open.map(({ name }) => name)).toEqual(['caller']);
    });
    const span = await spans.one('transaction');
    expect(span).toMatchObject({ kind: SpanKind.INTERNAL, links: [] });
    expectChildOf(span, await spans.one('caller'));
    expectUnset(span);
    const [address, port] = (clientConfig('').brokers[0] as string).split(':');
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.client.id': 'traced',
      'server.address': address,
      'server.port': Number(port),
      'nestjs.kafka.transactional_id': transactionalId,
      'nestjs.kafka.transaction.outcome': 'committed',
    });
  });

  it('is the parent of its sends, whose contexts its messages carry to who handles them', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await inSpan('caller', () =>
      committed(producer, (transaction) => transaction.send({ topic, messages: [{ value: 'v' }] })),
    );
    const send = await spans.one(`send ${topic}`);
    expect(send).toMatchObject({
      kind: SpanKind.PRODUCER,
      links: [],
      attributes: { 'messaging.destination.partition.id': '0', 'kafka.offset': 0 },
    });
    expectChildOf(send, await spans.one('transaction'));
    expectUnset(send);
    await consume(tracedKafka(), topic, async () => {});
    const process = await spans.one(`process ${topic}`);
    expect(process).toBeProcessSpanOf(send);
    expect(process).toContinueTraceOf(await spans.one('caller'));
    expect(await headersIn(topic, 1)).toEqual(carrying([send]));
  });

  it('is a root where nothing is active, and yet the parent of its sends', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await committed(producer, (transaction) => transaction.send({ topic, messages: [{ value: 'v' }] }));
    const span = await spans.one('transaction');
    expectRoot(span);
    expectChildOf(await spans.one(`send ${topic}`), span);
  });

  it('is the parent of the `create` spans of several messages, and of the `send` that links to them', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await inSpan('caller', () =>
      committed(producer, (transaction) => transaction.send({ topic, messages: TWO })),
    );
    const creates = await spans.all(`create ${topic}`, 2);
    const send = await spans.one(`send ${topic}`);
    expect(send.kind).toBe(SpanKind.CLIENT);
    expectLinkedTo(send, ...creates);
    const span = await spans.one('transaction');
    [send, ...creates].forEach((one) => expectChildOf(one, span));
    expect(await headersIn(topic, 2)).toEqual(carrying(creates));
  });

  it("is the parent of one `send` of several messages with `batch: 'single'`", async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka({ batch: 'single' }));
    await committed(producer, (transaction) => transaction.send({ topic, messages: TWO }));
    const send = await spans.one(`send ${topic}`);
    expect(send).toMatchObject({ kind: SpanKind.PRODUCER, links: [] });
    expectChildOf(send, await spans.one('transaction'));
    expect(await headersIn(topic, 2)).toEqual(carrying([send, send]));
  });

  it('is the parent of the spans of a `sendBatch` over several topics', async () => {
    const [orders, stock] = [freshTopic(), freshTopic()];
    const producer = await transactional(tracedKafka());
    const topicMessages = [
      { topic: orders, messages: TWO },
      { topic: stock, messages: [{ value: 'v' }] },
    ];
    await inSpan('caller', () =>
      committed(producer, (transaction) => transaction.sendBatch({ topicMessages })),
    );
    const ofOrders = await spans.all(`create ${orders}`, 2);
    const ofStock = await spans.one(`create ${stock}`);
    const send = await spans.one('send');
    expectLinkedTo(send, ...ofOrders, ofStock);
    const span = await spans.one('transaction');
    [send, ofStock, ...ofOrders].forEach((one) => expectChildOf(one, span));
    expect(await headersIn(orders, 2)).toEqual(carrying(ofOrders));
    expect(await headersIn(stock, 1)).toEqual(carrying([ofStock]));
  });

  it('is the parent of the send of a message that carries a context already, which is kept', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    const headers = { traceparent: traceparent(1) };
    await committed(producer, (transaction) =>
      transaction.send({ topic, messages: [{ value: 'v', headers }] }),
    );
    const send = await spans.one(`send ${topic}`);
    expect(send.kind).toBe(SpanKind.CLIENT);
    expectChildOf(send, await spans.one('transaction'));
    expect(send.links.map((link) => link.context.spanId)).toEqual([remoteSpan(1).spanId]);
    expect(await headersIn(topic, 1)).toEqual([headers]);
  });

  it('lets the baggage of its caller through', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await context.with(withBaggage(ROOT_CONTEXT, { tenant: 'blue' }), () =>
      committed(producer, async (transaction) => {
        await transaction.send({ topic, messages: [{ value: '0' }] });
        await transaction.send({ topic, messages: TWO });
      }),
    );
    for (const headers of await headersIn(topic, 3)) {
      expect(headers).toEqual({ traceparent: expect.any(String), baggage: 'tenant=blue' });
    }
  });

  it('is linked to by what is sent in it from another span, which is the parent then', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    const transaction = await inSpan('opener', () => producer.transaction());
    await inSpan('one', () => transaction.send({ topic, messages: [{ value: 'v' }] }));
    await inSpan('two', () => transaction.send({ topic, messages: TWO }));
    await inSpan('closer', () => transaction.commit());
    const span = await spans.one('transaction');
    expectChildOf(span, await spans.one('opener'));
    const [sent, sentTogether] = (await spans.all(`send ${topic}`, 2)) as [RecordedSpan, RecordedSpan];
    const creates = await spans.all(`create ${topic}`, 2);
    expectChildOf(sent, await spans.one('one'));
    expectLinkedTo(sent, span);
    expectLinkedTo(sentTogether, span, ...creates);
    for (const create of creates) {
      expectLinkedTo(create, span);
      expectChildOf(create, await spans.one('two'));
    }
    expectChildOf(sentTogether, await spans.one('two'));
    expect(await headersIn(topic, 3)).toEqual(carrying([sent, ...creates]));
  });

  it('has a span each time that a producer begins one', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    for (const value of ['0', '1']) {
      await committed(producer, (transaction) => transaction.send({ topic, messages: [{ value }] }));
    }
    const sent = await spans.all(`send ${topic}`, 2);
    (await spans.all('transaction', 2)).forEach((span, index) =>
      expectChildOf(sent[index] as RecordedSpan, span),
    );
  });
});

describe('a transaction that is aborted', () => {
  const spans = useTracing();

  it('is no failure, and says what became of it; nobody gets its messages', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await inSpan('caller', async () => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'aborted' }] });
      await transaction.abort();
    });
    const span = await spans.one('transaction');
    expectUnset(span);
    expect(span.attributes['nestjs.kafka.transaction.outcome']).toBe('aborted');
    expectChildOf(span, await spans.one('caller'));
    const send = await spans.one(`send ${topic}`);
    expectUnset(send);
    expectChildOf(send, span);
    await committed(producer, (next) => next.send({ topic, messages: [{ value: 'committed' }] }));
    expect((await readPlain(topic, 1)).map(({ value }) => String(value))).toEqual(['committed']);
  });
});

describe('a transaction without a context manager', () => {
  const spans = useTracing({ contextManager: false });

  it('is the parent of what is sent in it', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await committed(producer, async (transaction) => {
      await transaction.send({ topic, messages: [{ value: 'v' }] });
      await transaction.send({ topic, messages: TWO });
    });
    const span = await spans.one('transaction');
    const sent = await spans.all(`send ${topic}`, 2);
    [...sent, ...(await spans.all(`create ${topic}`, 2))].forEach((one) => expectChildOf(one, span));
  });
});
