import type { RecordMetadata } from 'kafkajs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { breakPart, brokenParts } from '../support/broken-parts.js';
import { connected, plainKafka, readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { consume } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';
import { CORRELATION_ID, type Received, messagesOf, received, receivedOf } from '../support/user-messages.js';

const TABLE = brokenParts();

describe('every message is sent and handled exactly once, with the same result, when', () => {
  useTracing();
  const freshTopic = usePreparedTopics(TABLE.length);
  let traceKafka: (typeof import('../../lib/kafkajs/trace-kafka.js'))['traceKafka'];

  beforeEach(async () => {
    vi.resetModules(); // What was reported is remembered for the life of the process.
    ({ traceKafka } = await import('../../lib/kafkajs/trace-kafka.js'));
  });

  it.each(TABLE)('%s', async (_name, part, reports) => {
    const topic = freshTopic();
    const expectReports = breakPart(part);
    const kafka = traceKafka(plainKafka(), { correlationId: CORRELATION_ID, ...part.options });
    const attempts: Received[] = [];
    await consume(kafka, topic, async ({ message }) => {
      attempts.push(received(message));
      if (attempts.length === 1) {
        throw new Error('once');
      }
    });
    const producer = await connected(kafka.producer());
    const sent: RecordMetadata[] = [];
    for (const value of ['1', '2']) {
      sent.push(...(await producer.send({ topic, messages: messagesOf(value) })));
    }

    await until('both were handled', () => attempts.length >= 3);
    expect(attempts).toEqual(receivedOf('1', '1', '2'));
    expect(sent.map(({ baseOffset, errorCode }) => [baseOffset, errorCode])).toEqual([
      ['0', 0],
      ['1', 0],
    ]);
    expect((await readPlain(topic, 2)).map(received)).toEqual(receivedOf('1', '2'));
    await expectReports(reports);
  });
});
