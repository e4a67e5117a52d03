import type { Kafka, Producer, Transaction } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { recordReports } from '../support/diag-reports.js';
import { exceptionsOf, expectChildOf, expectFailed, expectUnset } from '../support/expectations.js';
import { connected, freshName, plainKafka } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { type Refusal, refusalOf } from '../support/refusal.js';
import { tracedKafka } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';
import { doubledTransaction, fence, transactional, useCoordinators } from '../support/transactions.js';

const freshTopic = usePreparedTopics(8);
useCoordinators();

type End = 'commit' | 'abort';
const ENDS = ['commit', 'abort'] as const;

const NEITHER = 'The transaction was neither committed nor aborted.';

const outcomeOf = (span: RecordedSpan): unknown => span.attributes['nestjs.kafka.transaction.outcome'];

/** What the same program sees of a traced kafkajs, and of a plain one. */
async function seenBy<T>(program: (kafka: Kafka) => Promise<T>): Promise<{ traced: T; plain: T }> {
  return { traced: await program(tracedKafka()), plain: await program(plainKafka()) };
}

function sendTo(topic: string, transaction: Transaction) {
  return transaction.send({ topic, messages: [{ value: 'v' }] });
}

describe('a transaction that nobody ends', () => {
  const spans = useTracing();

  it('ends when its producer is disconnected, as a failure', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    await inSpan('caller', async () => sendTo(topic, await producer.transaction()));
    expect(spans.open.map(({ name }) => name)).toEqual(['transaction']);
    await producer.disconnect();
    const span = await spans.one('transaction');
    expectFailed(span, '_OTHER', NEITHER);
    expect(outcomeOf(span)).toBe('left');
    expect(exceptionsOf(span)).toEqual([]);
    expectChildOf(span, await spans.one('caller'));
  });

  it('ends with its own producer, and not with another one of the same Kafka', async () => {
    const kafka = tracedKafka();
    const [one, other] = [await transactional(kafka), await transactional(kafka)];
    await one.transaction();
    await other.disconnect();
    expect(spans.open).toHaveLength(1);
    await one.disconnect();
    await spans.one('transaction');
  });
});

describe('a transaction that cannot be ended', () => {
  const spans = useTracing();

  it.each(ENDS)(
    'has failed with its %s, as kafkajs lets nobody try again: a fenced producer',
    async (end) => {
      const topic = freshTopic();
      const { traced, plain } = await seenBy(async (kafka) => {
        const id = freshName('tx');
        const transaction = await (await transactional(kafka, id)).transaction();
        await sendTo(topic, transaction);
        await fence(id);
        const refusal = await refusalOf(() => transaction[end]());
        expect(spans.open).toEqual([]);
        const others = [await refusalOf(transaction.abort), await refusalOf(transaction.commit)];
        return { refusal, others, isActive: transaction.isActive() };
      });
      expect(traced).toEqual(plain);
      expect(plain.refusal).toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
      expect(plain.others[0]?.message).toBe('Cannot continue to use transaction once ended');
      const span = await spans.one('transaction');
      expectFailed(span, 'INVALID_PRODUCER_EPOCH', plain.refusal?.message as string);
      expect(exceptionsOf(span)).toEqual([plain.refusal?.message]);
      expect(outcomeOf(span)).toBe('left');
    },
  );

  it.each(ENDS)('fails with the %s that its producer is disconnected under', async (end) => {
    const topic = freshTopic();
    const { traced, plain } = await seenBy(async (kafka) => {
      const producer = await transactional(kafka);
      const transaction = await producer.transaction();
      await sendTo(topic, transaction);
      const refusal = refusalOf(() => transaction[end]());
      await producer.disconnect();
      return refusal;
    });
    expect(traced).toEqual(plain);
    const { name, message } = plain as Refusal;
    expect(name).toMatch(/^KafkaJS/);
    expectFailed(await spans.one('transaction'), name, message);
  });

  it('may be tried again where the driver still has it, and then the last attempt counts', async () => {
    const failing: End[] = [];
    const call = (end: End) => async () => {
      if (failing.includes(end)) {
        throw new RangeError(`no ${end}`);
      }
    };
    const { producer } = doubledTransaction({ commit: call('commit'), abort: call('abort') });
    const begun = async (...ends: End[]) => {
      failing.splice(0, 2, ...ends);
      const transaction = await producer.transaction();
      await expect(transaction.commit()).rejects.toEqual(new RangeError('no commit'));
      expect(spans.open).toHaveLength(1);
      return transaction;
    };

    await (await begun('commit')).abort();
    const retried = await begun('commit');
    failing.pop();
    await retried.commit();
    await expect((await begun('commit', 'abort')).abort()).rejects.toThrow('no abort');
    await producer.disconnect();

    const [aborted, committed, left] = (await spans.all('transaction', 3)) as [
      RecordedSpan,
      RecordedSpan,
      RecordedSpan,
    ];
    expect([aborted, committed, left].map(outcomeOf)).toEqual(['aborted', 'committed', 'left']);
    expectFailed(aborted, 'RangeError', 'no commit');
    expectUnset(committed);
    expect(committed.attributes).not.toHaveProperty(['error.type']);
    expectFailed(left, 'RangeError', 'no abort');
    expect([aborted, committed, left].map(exceptionsOf)).toEqual([
      ['no commit'],
      ['no commit'],
      ['no commit', 'no abort'],
    ]);
  });
});

describe('a transaction that cannot be begun', () => {
  const spans = useTracing();

  it.each<[why: string, begin: (kafka: Kafka) => Promise<Producer>]>([
    [
      'while another one is open',
      async (kafka) => {
        const producer = await transactional(kafka);
        await producer.transaction();
        return producer;
      },
    ],
    [
      'without an id',
      async (kafka) => connected(kafka.producer({ idempotent: true, maxInFlightRequests: 1 })),
    ],
    [
      'after one that could not be committed',
      async (kafka) => {
        const id = freshName('tx');
        const producer = await transactional(kafka, id);
        const transaction = await producer.transaction();
        await transaction.sendOffsets({ consumerGroupId: 'g', topics: [] });
        await fence(id);
        await refusalOf(transaction.commit);
        return producer;
      },
    ],
  ])('rejects as it does without tracing, in a span that has failed: %s', async (_why, begin) => {
    const refused: RecordedSpan[] = [];
    const { traced, plain } = await seenBy(async (kafka) => {
      const producer = await begin(kafka);
      const before = spans.finished.length;
      const refusal = await refusalOf(() => inSpan('caller', () => producer.transaction()));
      refused.push(...spans.finished.slice(before));
      return refusal;
    });
    expect(traced).toEqual(plain);
    const [span, caller, ...others] = refused as [RecordedSpan, RecordedSpan];
    expect([span.name, caller.name]).toEqual(['transaction', 'caller']);
    expect(others).toEqual([expect.objectContaining({ name: 'caller' })]);
    expectFailed(span, 'KafkaJSNonRetriableError', plain?.message as string);
    expect(exceptionsOf(span)).toEqual([plain?.message]);
    expect(outcomeOf(span)).toBeUndefined();
    expectChildOf(span, caller);
  });

  it('leaves the open one as it is, which may still be committed', async () => {
    const topic = freshTopic();
    const producer = await transactional(tracedKafka());
    const transaction = await producer.transaction();
    await refusalOf(() => producer.transaction());
    await sendTo(topic, transaction);
    await transaction.commit();
    const [, open] = (await spans.all('transaction', 2)) as [RecordedSpan, RecordedSpan];
    expect(outcomeOf(open)).toBe('committed');
    expectUnset(open);
    expectChildOf(await spans.one(`send ${topic}`), open);
  });
});

describe('a transaction that has ended', () => {
  const spans = useTracing();

  it.each(ENDS)(
    'refuses everything in the words of kafkajs, and nothing of that is traced: %s',
    async (end) => {
      const topic = freshTopic();
      const { traced, plain } = await seenBy(async (kafka) => {
        const transaction = await (await transactional(kafka)).transaction();
        await transaction[end]();
        return Promise.all(
          [
            () => transaction.commit(),
            () => transaction.abort(),
            () => sendTo(topic, transaction),
            () => transaction.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'v' }] }] }),
            () => transaction.sendOffsets({ consumerGroupId: 'g', topics: [] }),
          ].map(refusalOf),
        );
      });
      expect(traced).toEqual(plain);
      expect(new Set(plain.map((refusal) => refusal?.message))).toEqual(
        new Set(['Cannot continue to use transaction once ended']),
      );
      expect(spans.finished).toEqual([await spans.one('transaction')]);
      expectUnset(await spans.one('transaction'));
    },
  );
});

describe('a transaction that is being ended', () => {
  const spans = useTracing();

  it.each(ENDS)('takes no notice of a second attempt, which kafkajs refuses: %s', async (end) => {
    const { traced, plain } = await seenBy(async (kafka) => {
      const transaction = await (await transactional(kafka)).transaction();
      await transaction.sendOffsets({ consumerGroupId: 'g', topics: [] });
      return Promise.all([transaction[end](), refusalOf(transaction.commit), refusalOf(transaction.abort)]);
    });
    expect(traced).toEqual(plain);
    expect(plain[2]?.message).toBe('Cannot continue to use transaction once ended');
    const span = await spans.one('transaction');
    expectUnset(span);
    expect(exceptionsOf(span)).toEqual([]);
    expect(outcomeOf(span)).toBe(end === 'commit' ? 'committed' : 'aborted');
  });
});

describe('a transaction that cannot be traced', () => {
  const spans = useTracing();

  it('is given to its caller as it is, and its span ends with the producer', async () => {
    const reports = recordReports();
    const { producer, transaction, own } = doubledTransaction({});
    Object.freeze(transaction);
    expect(await producer.transaction()).toBe(transaction);
    expect(transaction).toEqual(own);
    expect(reports).toEqual([expect.stringContaining('failed to trace a transaction')]);
    await producer.disconnect();
    expect(outcomeOf(await spans.one('transaction'))).toBe('left');
  });
});
