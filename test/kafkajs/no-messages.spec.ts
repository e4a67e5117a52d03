import type { ProducerRecord } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { doubled } from '../support/doubled-driver.js';
import { freshTopic } from '../support/kafka.js';
import { refusalOf } from '../support/refusal.js';
import { plainProducer, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';

describe('what is no message', () => {
  const spans = useTracing();

  it.each<[what: string, record: unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a number', 7],
    ['a string', 'x'],
    ['no messages', { topic: 't' }],
    ['null for messages', { topic: 't', messages: null }],
    ['a number for messages', { topic: 't', messages: 7 }],
    ['null for a message', { topic: 't', messages: [null] }],
    ['undefined for a message', { topic: 't', messages: [undefined] }],
    ['a number for a message', { topic: 't', messages: [7] }],
    ['a message without a value', { topic: 't', messages: [{ key: 'k' }] }],
    ['an array for a message', { topic: 't', messages: [[]] }],
    ['no topic', { messages: [{ value: 'v' }] }],
    ['an empty topic', { topic: '', messages: [{ value: 'v' }] }],
    ['a number for a value', { topic: 't', messages: [{ value: 7 }] }],
    ['a header that is a number', { topic: 't', messages: [{ value: 'v', headers: { a: 7 } }] }],
    ['a header that is null', { topic: 't', messages: [{ value: 'v', headers: { a: null } }] }],
  ])('is refused as without tracing: %s', async (_what, record) => {
    const topic = await freshTopic();
    const given = isRecordOf('t', record) ? { ...record, topic } : record;
    const rejections = [];
    for (const producer of [await tracedProducer(), await plainProducer()]) {
      rejections.push(await refusalOf(() => producer.send(given as ProducerRecord)));
    }
    const [traced, plain] = rejections;
    expect(traced).toEqual(plain);
    expect(plain).toMatchObject({ name: expect.stringMatching(/Error/) });
  });

  it('passes untouched, with no span: no messages, no topics', async () => {
    const { producer, send, sendBatch } = doubled(async () => []);
    const none = { topic: 't', messages: [] };
    const batches = [{}, { topicMessages: [] }, { topicMessages: [none] }];
    await producer.send(none);
    for (const batch of batches) {
      await producer.sendBatch(batch);
    }
    expect(send.mock.calls[0]?.[0]).toBe(none);
    batches.forEach((batch, index) => expect(sendBatch.mock.calls[index]?.[0]).toBe(batch));
    expect(spans.finished).toEqual([]);
  });
});

function isRecordOf(topic: string, record: unknown): record is ProducerRecord {
  return (record as ProducerRecord | null | undefined)?.topic === topic;
}
