import { SpanKind } from '@opentelemetry/api';
import type { Kafka, Offsets, Transaction } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import {
  exceptionsOf,
  expectChildOf,
  expectFailed,
  expectLinkedTo,
  expectUnset,
} from '../support/expectations.js';
import { clientConfig, freshName, plainKafka, readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { refusalOf } from '../support/refusal.js';
import { traceparentOf } from '../support/trace-context.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';
import {
  committedOffset,
  fence,
  hasCommittedNothing,
  transactional,
  useCoordinators,
} from '../support/transactions.js';

const freshTopic = usePreparedTopics(15);
useCoordinators();

/** That the first message of each topic is handled. */
function pastFirst(...topics: readonly string[]): Offsets {
  return { topics: topics.map((topic) => ({ topic, partitions: [{ partition: 0, offset: '1' }] })) };
}

async function begin(kafka: Kafka = tracedKafka()): Promise<Transaction> {
  return (await transactional(kafka)).transaction();
}

describe('offsets that are sent to a transaction', () => {
  const spans = useTracing();

  it('have a span of the transaction, and count when it is committed', async () => {
    const [topic, groupId] = [freshTopic(), freshName('group')];
    const transaction = await begin(tracedKafka({ semconv: 'latest' }));
    await transaction.sendOffsets({ consumerGroupId: groupId, ...pastFirst(topic) });
    const span = await spans.one(`send_offsets ${topic}`);
    expect(await hasCommittedNothing(groupId, topic)).toBe(true);
    await transaction.commit();
    expect(await committedOffset(groupId, topic)).toBe('1');
    expect(span).toMatchObject({ kind: SpanKind.CLIENT, links: [] });
    expectChildOf(span, await spans.one('transaction'));
    expectUnset(span);
    const [address, port] = (clientConfig('').brokers[0] as string).split(':');
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send_offsets',
      'messaging.operation.type': 'settle',
      'messaging.destination.name': topic,
      'messaging.consumer.group.name': groupId,
      'messaging.client.id': 'traced',
      'server.address': address,
      'server.port': Number(port),
    });
  });

  it('do not count when it is aborted', async () => {
    const [topic, next, groupId] = [freshTopic(), freshTopic(), freshName('group')];
    const [aborted, committed] = [await begin(), await begin()];
    await aborted.sendOffsets({ consumerGroupId: groupId, ...pastFirst(topic) });
    await aborted.abort();
    await committed.sendOffsets({ consumerGroupId: groupId, ...pastFirst(next) });
    await committed.commit();
    expect(await committedOffset(groupId, next)).toBe('1');
    expect(await hasCommittedNothing(groupId, topic)).toBe(true);
    const span = await spans.one(`send_offsets ${topic}`);
    expectUnset(span);
    expectChildOf(span, spans.named('transaction')[0] as RecordedSpan);
  });

  it('name no topic where they are of several', async () => {
    const [orders, stock] = [freshTopic(), freshTopic()];
    const groupId = freshName('group');
    const transaction = await begin();
    await transaction.sendOffsets({ consumerGroupId: groupId, ...pastFirst(orders, stock) });
    await transaction.commit();
    const span = await spans.one('send_offsets');
    expectChildOf(span, await spans.one('transaction'));
    expect(span.attributes).not.toHaveProperty(['messaging.destination.name']);
    expect(span.attributes['messaging.consumer.group.name']).toBe(groupId);
    expect([await committedOffset(groupId, orders), await committedOffset(groupId, stock)]).toEqual([
      '1',
      '1',
    ]);
  });

  it('are of the span that sends them, and linked to a transaction that another one began', async () => {
    const topic = freshTopic();
    const transaction = await inSpan('opener', () => begin());
    await inSpan('settler', () =>
      transaction.sendOffsets({ consumerGroupId: freshName('group'), ...pastFirst(topic) }),
    );
    await transaction.commit();
    const span = await spans.one(`send_offsets ${topic}`);
    expectChildOf(span, await spans.one('settler'));
    expectLinkedTo(span, await spans.one('transaction'));
  });
});

describe('offsets that are refused', () => {
  const spans = useTracing();

  it.each<[why: string, errorType: string, offsets: object | undefined, prepare: typeof fence]>([
    ['no group', 'AssertionError', pastFirst('t'), async () => {}],
    ['no topics', 'AssertionError', { consumerGroupId: 'g' }, async () => {}],
    ['nothing at all', 'TypeError', undefined, async () => {}],
    ['a fenced producer', 'INVALID_PRODUCER_EPOCH', { consumerGroupId: 'g', ...pastFirst('t') }, fence],
  ])('are refused as without tracing, and say so: %s', async (_why, errorType, offsets, prepare) => {
    const topic = freshTopic();
    const refusals = [];
    for (const kafka of [tracedKafka(), plainKafka()]) {
      const id = freshName('tx');
      const transaction = await (await transactional(kafka, id)).transaction();
      await transaction.send({ topic, messages: [{ value: 'v' }] });
      await prepare(id);
      refusals.push(await refusalOf(() => transaction.sendOffsets(offsets as never)));
      expect(transaction.isActive()).toBe(true);
    }
    const [traced, plain] = refusals;
    expect(traced).toEqual(plain);
    const span = spans.finished.find(({ name }) => name.startsWith('send_offsets')) as RecordedSpan;
    expectFailed(span, errorType, plain?.message as string);
    expect(exceptionsOf(span)).toEqual([plain?.message]);
  });

  it('leave the transaction to be committed', async () => {
    const [topic, groupId] = [freshTopic(), freshName('group')];
    const transaction = await begin();
    await refusalOf(() => transaction.sendOffsets({} as never));
    await transaction.sendOffsets({ consumerGroupId: groupId, ...pastFirst(topic) });
    await transaction.commit();
    expectUnset(await spans.one('transaction'));
    expect(await committedOffset(groupId, topic)).toBe('1');
  });
});

/** An invoice for each order, in transactions of which the first ones fail; until the invoice of one order is handled. */
async function invoiceOneOrder(failures = 0) {
  const [orders, invoices] = [freshTopic(), freshTopic()];
  const producer = await transactional(tracedKafka());
  let attempts = 0;
  let groupId = '';
  groupId = await consume(tracedKafka(), orders, {
    autoCommit: false,
    eachMessage: async ({ topic, partition, message: { value, offset } }) => {
      const transaction = await producer.transaction();
      const partitions = [{ partition, offset: String(Number(offset) + 1) }];
      // The broker may still be at the one before: kafkajs waits for that in a send, and not where it sends offsets.
      await transaction.send({ topic: invoices, messages: [{ value: `of ${String(value)}` }] });
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
      attempts += 1;
      if (attempts <= failures) {
        await transaction.abort();
        throw new Error('out of paper');
      }
      await transaction.commit();
    },
  });
  await inSpan('caller', async () => sendOne(await tracedProducer(), orders, { value: 'o-1' }));
  const [invoice] = await readPlain(invoices, 1);
  return { orders, invoices, groupId, invoice };
}

describe('a loop that consumes, transforms and produces', () => {
  const spans = useTracing();

  it('is one trace, and commits the offsets with what it has produced', async () => {
    const { orders, invoices, groupId, invoice } = await invoiceOneOrder();
    await consume(tracedKafka(), invoices, async () => {});
    const handled = await spans.one(`process ${invoices}`);
    const process = await spans.one(`process ${orders}`);
    const transaction = await spans.one('transaction');
    const [send, offsets] = [await spans.one(`send ${invoices}`), await spans.one(`send_offsets ${orders}`)];
    expect(process).toBeProcessSpanOf(await spans.one(`send ${orders}`));
    expectChildOf(transaction, process);
    for (const span of [send, offsets]) {
      expectChildOf(span, transaction);
      expectLinkedTo(span);
    }
    expect(handled).toBeProcessSpanOf(send);
    expect(handled).toContinueTraceOf(await spans.one('caller'));
    expect(invoice).toMatchObject({ value: Buffer.from('of o-1') });
    expect(await committedOffset(groupId, orders)).toBe('1');
  });

  it('has a transaction in the span of each delivery, and carries on the one that was committed', async () => {
    const { orders, invoices, groupId, invoice } = await invoiceOneOrder(1);
    const processed = await spans.all(`process ${orders}`, 2);
    const transactions = await spans.all('transaction', 2);
    const sent = await spans.all(`send ${invoices}`, 2);
    const settled = await spans.all(`send_offsets ${orders}`, 2);
    transactions.forEach((transaction, index) => {
      expectChildOf(transaction, processed[index] as RecordedSpan);
      expectChildOf(sent[index] as RecordedSpan, transaction);
      expectChildOf(settled[index] as RecordedSpan, transaction);
    });
    expectFailed(processed[0] as RecordedSpan, 'Error', 'out of paper');
    expect(transactions.map(({ attributes }) => attributes['nestjs.kafka.transaction.outcome'])).toEqual([
      'aborted',
      'committed',
    ]);
    expect(String(invoice?.headers?.['traceparent'])).toBe(traceparentOf(sent[1] as RecordedSpan));
    expect(await committedOffset(groupId, orders)).toBe('1');
  });
});
