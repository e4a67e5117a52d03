import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import type { Kafka, RecordMetadata, Transaction } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../lib/kafka-tracing.options.js';
import { expectChildOf } from '../support/expectations.js';
import { freshName, plainKafka, readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { contextOf, traceparent, traceparentOf, withBaggage } from '../support/trace-context.js';
import { tracedKafka } from '../support/traced-kafka.js';
import { type TracingSetup, inSpan, useTracing } from '../support/tracing.js';
import {
  committedOffset,
  doubledTransaction,
  transactional,
  useCoordinators,
} from '../support/transactions.js';

const freshTopic = usePreparedTopics(24);
useCoordinators();

const OFFSETS = {
  consumerGroupId: 'g',
  topics: [{ topic: 't', partitions: [{ partition: 0, offset: '1' }] }],
};

/** Does everything that can be done in a transaction, on topics of its own. */
async function everything(kafka: Kafka) {
  const [orders, stock] = [freshTopic(), freshTopic()];
  const names = new Map([
    [orders, 'orders'],
    [stock, 'stock'],
  ]);
  const groupId = freshName('group');
  const { send, sendBatch, sendOffsets, commit, isActive, ...more } = await (
    await transactional(kafka)
  ).transaction(); // Its methods need no `this`.
  const results: unknown[] = [Object.keys(more), isActive()];
  results.push(await send({ topic: orders, messages: [{ key: 'k', value: '0', headers: { a: 'b' } }] }));
  results.push(await send({ topic: orders, acks: -1, messages: [{ value: null }, { value: '2' }] }));
  const topicMessages = [orders, stock].map((topic) => ({ topic, messages: [{ value: 'v' }] }));
  const inAnyOrder = await sendBatch({ topicMessages });
  results.push(inAnyOrder.toSorted((one) => (one.topicName === orders ? -1 : 1)));
  const topics = [{ topic: orders, partitions: [{ partition: 0, offset: '7' }] }];
  results.push(await sendOffsets({ consumerGroupId: groupId, topics }));
  results.push(isActive(), await commit(), isActive());
  results.push(await committedOffset(groupId, orders));
  const read = [...(await readPlain(orders, 4)), ...(await readPlain(stock, 1))];
  const wire = read.map(
    ({ key, value, offset, headers: { traceparent: _traceparent, ...headers } = {} }) => ({
      key: key?.toString(),
      value: value?.toString(),
      offset,
      headers,
    }),
  );
  return JSON.parse(
    JSON.stringify({ results, wire }, (key, value: unknown) =>
      key === 'topicName' ? names.get(value as string) : value,
    ),
  ) as unknown;
}

describe('a traced transaction', () => {
  const spans = useTracing();

  it('gives the same results, bytes and offsets as without tracing, but for the propagation headers', async () => {
    const plain = await everything(plainKafka());
    expect(await everything(tracedKafka())).toEqual(plain);
    expect(plain).toMatchObject({ results: expect.arrayContaining([true, false]) });
    await spans.one('transaction');
  });

  it('is the very object of kafkajs, of which only what is watched is replaced', async () => {
    const { producer, transaction, own } = doubledTransaction({});
    const traced = await producer.transaction();
    expect(traced).toBe(transaction);
    const [send, sendBatch, sendOffsets, commit, abort] = Array.from({ length: 5 }, () =>
      expect.any(Function),
    );
    expect(traced).toEqual({ ...own, send, sendBatch, sendOffsets, commit, abort });
    expect(traced.isActive).toBe(own.isActive);
    await traced.commit();
  });

  it('calls kafkajs in the same tick, with its own `this` and what it was given', async () => {
    const methods = {
      send: vi.fn<Transaction['send']>(async () => []),
      sendOffsets: vi.fn<Transaction['sendOffsets']>(async () => {}),
      commit: vi.fn<Transaction['commit']>(async () => {}),
      abort: vi.fn<Transaction['abort']>(async () => {}),
    };
    const { producer } = doubledTransaction(methods);
    const transaction = await producer.transaction();
    const pending = [
      transaction.send({ topic: 't', messages: [{ value: 'v' }] }),
      transaction.sendOffsets(OFFSETS),
      transaction.abort(),
      transaction.commit(),
    ];
    for (const method of Object.values(methods)) {
      expect(method.mock.contexts).toEqual([transaction]);
      expect(method.mock.contexts[0]).toBe(transaction);
    }
    expect(methods.sendOffsets.mock.calls[0]?.[0]).toBe(OFFSETS);
    await Promise.all(pending);
    await spans.one('transaction');
  });
});

/** Sends one message each to two topics and some offsets, in a transaction that is begun and committed in a context. */
async function inTransaction(
  optionsOf: (ticks: string) => KafkaTracingModuleOptions,
  active = context.active(),
) {
  const [orders, ticks] = [freshTopic(), freshTopic()];
  const producer = await transactional(tracedKafka(optionsOf(ticks)));
  await context.with(active, async () => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: orders, messages: [{ value: '0' }] });
    await transaction.send({ topic: ticks, messages: [{ value: '0' }, { value: '1' }] });
    const topics = [{ topic: ticks, partitions: [{ partition: 0, offset: '0' }] }];
    await transaction.sendOffsets({ consumerGroupId: freshName('group'), topics });
    await transaction.commit();
  });
  const headers = [...(await readPlain(orders, 1)), ...(await readPlain(ticks, 2))].map((message) =>
    Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])),
  );
  return { orders, ticks, headers };
}

function threeTimes(headers: object): readonly object[] {
  return [headers, headers, headers];
}

describe('what the rules say of a transaction', () => {
  const spans = useTracing();

  it.each<[options: KafkaTracingModuleOptions]>([[{ trace: false }], [{ requireParent: true }]])(
    'is that nothing of it has a span where none is active, and what is active goes through: %j',
    async (options) => {
      const { headers } = await inTransaction(() => options, withBaggage(ROOT_CONTEXT, { tenant: 'blue' }));
      expect(headers).toEqual(threeTimes({ baggage: 'tenant=blue' }));
      expect(spans.finished).toEqual([]);
    },
  );

  it('is that with `trace: false` it has no span in another one either', async () => {
    const { headers } = await inTransaction(() => ({ trace: false }), contextOf(1));
    expect(headers).toEqual(threeTimes({ traceparent: traceparent(1) }));
    expect(spans.finished).toEqual([]);
  });

  it('is that with `requireParent` all of it has spans inside another one', async () => {
    const { orders, ticks } = await inSpan('caller', () => inTransaction(() => ({ requireParent: true })));
    const transaction = await spans.one('transaction');
    expectChildOf(transaction, await spans.one('caller'));
    for (const name of [`send ${orders}`, `send ${ticks}`, `send_offsets ${ticks}`]) {
      expectChildOf(await spans.one(name), transaction);
    }
    (await spans.all(`create ${ticks}`, 2)).forEach((create) => expectChildOf(create, transaction));
  });

  it('is that what is sent to a topic with `trace: false` carries the context of the caller', async () => {
    const { orders, headers } = await inSpan('caller', () =>
      inTransaction((ticks) => ({ topics: [{ match: ticks, trace: false }] })),
    );
    const [caller, send] = [await spans.one('caller'), await spans.one(`send ${orders}`)];
    const transaction = await spans.one('transaction');
    expectChildOf(send, transaction);
    expect(headers).toEqual([send, caller, caller].map((span) => ({ traceparent: traceparentOf(span) })));
    expect(spans.finished).toHaveLength(3);
  });

  it('is that what is sent to a topic with `propagate: false` carries nothing, and has its spans', async () => {
    const { orders, ticks, headers } = await inSpan('caller', () =>
      inTransaction((ticks) => ({ topics: [{ match: ticks, propagate: false }] })),
    );
    const send = await spans.one(`send ${orders}`);
    expect(headers).toEqual([{ traceparent: traceparentOf(send) }, {}, {}]);
    const transaction = await spans.one('transaction');
    expectChildOf(await spans.one(`send ${ticks}`), transaction);
    (await spans.all(`create ${ticks}`, 2)).forEach((create) => expectChildOf(create, transaction));
  });
});

/** A transaction of a driver that returns these very promises, and what it was given. */
function ofPromises(options: KafkaTracingModuleOptions = {}) {
  const sent = new Promise<RecordMetadata[]>(() => {});
  const done = new Promise<void>(() => {});
  const driver = {
    send: vi.fn<Transaction['send']>(() => sent),
    sendBatch: vi.fn<Transaction['sendBatch']>(() => sent),
    sendOffsets: vi.fn<Transaction['sendOffsets']>(() => done),
    commit: vi.fn<Transaction['commit']>(() => done),
    abort: vi.fn<Transaction['abort']>(() => done),
  };
  return { ...doubledTransaction(driver, options), driver, sent, done };
}

const RECORD = { topic: 't', messages: [{ value: 'v', headers: { a: 'b' } }] };
const BATCH = { topicMessages: [RECORD, { ...RECORD, topic: 'u' }] };

describe.each<[what: string, setup: TracingSetup, options: KafkaTracingModuleOptions]>([
  ['without any SDK', { tracerProvider: false, contextManager: false, propagator: false }, {}],
  ['with `trace: false`', {}, { trace: false }],
  ['with `enabled: false`', {}, { enabled: false }],
])('a transaction %s', (_what, setup, options) => {
  const spans = useTracing(setup);

  it("gives the driver its caller's own objects, and the caller the driver's own promises", async () => {
    const { producer, driver, sent, done } = ofPromises(options);
    const transaction = await producer.transaction();
    expect(transaction.send(RECORD)).toBe(sent);
    expect(transaction.sendBatch(BATCH)).toBe(sent);
    expect(transaction.sendOffsets(OFFSETS)).toBe(done);
    expect(transaction.commit()).toBe(done);
    expect(transaction.abort()).toBe(done);
    expect(driver.send.mock.calls[0]?.[0]).toBe(RECORD);
    expect(driver.sendBatch.mock.calls[0]?.[0]).toBe(BATCH);
    expect(driver.sendOffsets.mock.calls[0]?.[0]).toBe(OFFSETS);
    expect(spans.finished).toEqual([]);
  });
});

describe('a transaction without any SDK', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it('is what it is without tracing', async () => {
    expect(await everything(tracedKafka())).toEqual(await everything(plainKafka()));
  });
});

describe('a transaction without an SDK, but with a propagator and a context manager', () => {
  useTracing({ tracerProvider: false });

  it('passes on the context of its caller', async () => {
    const { headers } = await inTransaction(() => ({}), contextOf(1, { tenant: 'blue' }));
    expect(headers).toEqual(threeTimes({ traceparent: traceparent(1), baggage: 'tenant=blue' }));
  });
});

describe('a transaction that is not sampled', () => {
  const spans = useTracing({ sampler: new AlwaysOffSampler() });

  it('has no spans, and its messages say so', async () => {
    const { headers } = await inTransaction(() => ({}));
    const carried = headers.map(({ traceparent: one }) => String(one).split('-'));
    expect(new Set(carried.map(([, traceId]) => traceId)).size).toBe(1);
    expect(new Set(carried.map(([, , spanId]) => spanId)).size).toBe(3);
    expect(carried.map(([, , , flags]) => flags)).toEqual(['00', '00', '00']);
    expect(spans.finished).toEqual([]);
  });
});
