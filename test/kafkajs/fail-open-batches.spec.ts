import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { KafkaMessage } from 'kafkajs';
import type { KafkaTracing, KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { breakPart, brokenParts } from '../support/broken-parts.js';
import { connected, plainKafka, readPlain } from '../support/kafka.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { consume } from '../support/traced-kafka.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';
import { CORRELATION_ID, type Received, messagesOf, received, receivedOf } from '../support/user-messages.js';

const TABLE = brokenParts({
  'a span processor throws at the end': ['end the create span'],
  'a span throws in isRecording': ['ask the create span'],
  'a span throws in spanContext': ['ask the create span', 'trace a message of a batch'],
  'a span throws in end': ['end the create span'],
});

describe('every message of a batch is sent and handled exactly once, with the same result, when', () => {
  useTracing();
  const freshTopic = usePreparedTopics(2 * TABLE.length);
  let library: typeof import('nestjs-kafka-tracing');

  beforeEach(async () => {
    vi.resetModules(); // What was reported is remembered for the life of the process.
    library = await import('nestjs-kafka-tracing');
  });

  it.each(TABLE)('%s', async (_name, part, reports) => {
    const [orders, audits] = [freshTopic(), freshTopic()];
    const tracing = await startTracing(part.options);
    const expectReports = breakPart(part);
    const kafka = library.traceKafka(plainKafka(), { correlationId: CORRELATION_ID, ...part.options });
    const attempts: Record<string, Received[]> = { [orders]: [], [audits]: [] };
    const handle = async (topic: string, message: KafkaMessage): Promise<void> => {
      attempts[topic]?.push(received(message));
      if (topic === orders && attempts[topic]?.length === 2) {
        throw new Error('once');
      }
    };
    await consume(kafka, [orders, audits], {
      eachBatch: async ({ batch: { topic, messages }, resolveOffset }) => {
        for (const message of messages) {
          await tracing.runInContextOf(message, () => handle(topic, message));
          resolveOffset(message.offset);
        }
      },
    });
    const producer = await connected(kafka.producer());
    const sent = await producer.send({ topic: orders, messages: messagesOf('1', '2', '3') });
    const batch = await producer.sendBatch({
      topicMessages: [
        { topic: orders, messages: messagesOf('4') },
        { topic: audits, messages: messagesOf('5', '6') },
      ],
    });

    await until('all were handled', () => attempts[orders]!.length >= 5 && attempts[audits]!.length >= 2);
    expect(attempts[orders]).toEqual(receivedOf('1', '2', '2', '3', '4'));
    expect(attempts[audits]).toEqual(receivedOf('5', '6'));
    expect(sent).toMatchObject([{ topicName: orders, baseOffset: '0', errorCode: 0 }]);
    expect(batch).toHaveLength(2);
    expect(batch).toContainEqual(
      expect.objectContaining({ topicName: orders, baseOffset: '3', errorCode: 0 }),
    );
    expect(batch).toContainEqual(
      expect.objectContaining({ topicName: audits, baseOffset: '0', errorCode: 0 }),
    );
    expect((await readPlain(orders, 4)).map(received)).toEqual(receivedOf('1', '2', '3', '4'));
    expect((await readPlain(audits, 2)).map(received)).toEqual(receivedOf('5', '6'));
    await expectReports(reports);
  });

  /** Of an application, for its `runInContextOf`. */
  async function startTracing(options: KafkaTracingModuleOptions = {}): Promise<KafkaTracing> {
    class Application {}
    Module({ imports: [library.KafkaTracingModule.forRoot(options)] })(Application);
    const app = await NestFactory.createApplicationContext(Application, { logger: false });
    afterTest(() => app.close());
    return app.get(library.KafkaTracing);
  }
});
