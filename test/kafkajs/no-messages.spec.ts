import type { Producer, ProducerRecord } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { doubled } from '../support/doubled-driver.js';
import { freshTopic } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { refusalOf } from '../support/refusal.js';
import { plainProducer, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';

describe('what is no message', () => {
  const recorded = useMetrics();
  const spans = useTracing();

  async function expectNothingTraced(): Promise<void> {
    expect(spans.finished).toEqual([]);
    expect(await recorded.collect()).toEqual({});
  }

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

  it.each<[what: string, send: (producer: Producer, topic: string) => Promise<unknown>]>([
    ['no messages', (producer, topic) => producer.send({ topic, messages: [] })],
    ['no topics', (producer) => producer.sendBatch({ topicMessages: [] })],
    ['a batch of nothing', (producer) => producer.sendBatch({})],
    [
      'a topic without messages',
      (producer, topic) => producer.sendBatch({ topicMessages: [{ topic, messages: [] }] }),
    ],
  ])('is answered as without tracing, with no span and nothing counted: %s', async (_what, send) => {
    const topic = await freshTopic();
    const answers = [];
    for (const producer of [await tracedProducer(), await plainProducer()]) {
      answers.push(await send(producer, topic));
    }
    expect(answers).toEqual([[], []]);
    await expectNothingTraced();
  });

  it('is answered as without tracing, with no span and nothing counted: an emitBatch of Nest without messages', async () => {
    const topic = await freshTopic();
    const answers = [];
    for (const tracing of [{}, false] as const) {
      const app = await startMicroservice({ tracing });
      const client = await clientOf(app);
      const answered = firstValueFrom(client.emitBatch(topic, { messages: [] }), { defaultValue: 'none' });
      answers.push(await answered);
      await app.close();
    }
    expect(answers).toEqual([undefined, undefined]); // Each is a value, not the default.
    await expectNothingTraced();
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
