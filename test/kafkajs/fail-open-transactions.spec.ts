import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { breakPart, brokenParts } from '../support/broken-parts.js';
import { freshName, plainKafka, readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { consume } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { transactional, useCoordinators } from '../support/transactions.js';
import { until } from '../support/until.js';
import { CORRELATION_ID, type Received, messagesOf, received, receivedOf } from '../support/user-messages.js';

const TABLE = brokenParts({
  'a span processor throws at the end': [
    'end the create span',
    'end the span of offsets',
    'end the transaction span',
  ],
  'a span throws in isRecording': [
    'ask the create span',
    'ask the span of offsets',
    'ask the transaction span',
  ],
  'a span throws in spanContext': ['ask the create span', 'ask the transaction span'],
  'a span throws in end': ['end the create span', 'end the span of offsets', 'end the transaction span'],
});

useCoordinators();

describe('every message of a committed transaction, and no other one, is handled exactly once, when', () => {
  useTracing();
  const freshTopic = usePreparedTopics(TABLE.length);
  const admin = plainKafka().admin(); // To connect takes long where a broker has many topics.
  let traceKafka: (typeof import('../../lib/kafkajs/trace-kafka.js'))['traceKafka'];

  beforeAll(() => admin.connect());
  afterAll(() => admin.disconnect());
  beforeEach(async () => {
    vi.resetModules(); // What was reported is remembered for the life of the process.
    ({ traceKafka } = await import('../../lib/kafkajs/trace-kafka.js'));
  });

  it.each(TABLE)('%s', async (_name, part, reports) => {
    const topic = freshTopic();
    const groupId = freshName('group');
    const expectReports = breakPart(part);
    const kafka = traceKafka(plainKafka(), { correlationId: CORRELATION_ID, ...part.options });
    const attempts: Received[] = [];
    await consume(kafka, topic, async ({ message }) => {
      attempts.push(received(message));
      if (attempts.length === 1) {
        throw new Error('once');
      }
    });
    const producer = await transactional(kafka);
    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: messagesOf('0') });
    await aborted.abort();
    const committed = await producer.transaction();
    const sent = [
      await committed.send({ topic, messages: messagesOf('1') }),
      await committed.send({ topic, messages: messagesOf('2', '3') }),
      await committed.sendBatch({ topicMessages: [{ topic, messages: messagesOf('4', '5') }] }),
    ];
    await committed.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic, partitions: [{ partition: 0, offset: '7' }] }],
    });
    await committed.commit();

    await until('all were handled', () => attempts.length >= 6);
    expect(attempts).toEqual(receivedOf('1', '1', '2', '3', '4', '5'));
    expect(sent.flat().map(({ baseOffset, errorCode }) => [baseOffset, errorCode])).toEqual([
      ['2', 0], // After the message that was aborted, and the mark that says so.
      ['3', 0],
      ['5', 0],
    ]);
    expect((await readPlain(topic, 5)).map(received)).toEqual(receivedOf('1', '2', '3', '4', '5'));
    await until('the offset is committed', async () => {
      const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return offsets?.partitions[0]?.offset === '7';
    });
    await expectReports(reports);
  });
});
