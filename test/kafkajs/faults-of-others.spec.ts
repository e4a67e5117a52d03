import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { EachMessageHandler, Message, Producer, ProducerRecord } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { expectFailed, expectUnset } from '../support/expectations.js';
import { FOREIGN, useForeignInstrumentation } from '../support/foreign-instrumentation.js';
import { freshTopic, plainKafka, readPlain } from '../support/kafka.js';
import { refusalOf } from '../support/refusal.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { consume, plainProducer, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

/** Its spans are kept apart: some are never ended. */
class Theirs implements SpanProcessor {
  readonly open = new Set<ReadableSpan>();
  readonly finished: ReadableSpan[] = [];

  onStart(span: unknown): void {
    this.open.add(span as ReadableSpan);
  }

  onEnd(span: ReadableSpan): void {
    this.open.delete(span);
    this.finished.push(span);
  }

  async one(name: string): Promise<ReadableSpan> {
    const found = (): ReadableSpan | undefined => this.finished.find((span) => span.name === name);
    await until(`\`${name}\` ended`, () => found() !== undefined);
    return found() as ReadableSpan;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

/** By the driver's own method: what arrives is what was given. */
async function sendUntouched(topic: string, message: Message): Promise<void> {
  const producer = await plainProducer();
  const { __original: send } = producer.send as Producer['send'] & { readonly __original: Producer['send'] };
  await send({ topic, messages: [message] });
}

// Each is shown of it first, so that the test says something, and then not to be ours, which takes its place.
describe(`a fault of ${FOREIGN} is none of ours:`, () => {
  const ours = useTracing();
  const theirs = new Theirs();
  useForeignInstrumentation(theirs);

  it("the caller's headers are changed", async () => {
    const topic = await freshTopic();
    const headers = { a: 'b' };
    await sendOne(await tracedProducer(), topic, { headers });
    expect(headers).toEqual({ a: 'b' });
    await sendOne(await plainProducer(), topic, { headers });
    expect(headers).toEqual({ a: 'b', traceparent: expect.any(String) });
  });

  it('a context that somebody set on purpose is overwritten', async () => {
    const topic = await freshTopic();
    await sendOne(await plainProducer(), topic, { headers: { traceparent: traceparent(1) } });
    await sendOne(await tracedProducer(), topic, { headers: { traceparent: traceparent(1) } });
    const [plain, traced] = (await readPlain(topic, 2)).map(({ headers }) =>
      String(headers?.['traceparent']),
    );
    expect(plain).not.toBe(traceparent(1));
    expect(traced).toBe(traceparent(1));
  });

  it('a frozen message is refused', async () => {
    const topic = await freshTopic();
    const record = (): ProducerRecord => ({ topic, messages: [Object.freeze({ value: 'v' })] });
    const plain = await plainProducer();
    expect(() => plain.send(record())).toThrow(TypeError);
    await (await tracedProducer()).send(record());
    expect(await readPlain(topic, 1)).toHaveLength(1);
  });

  it('the configuration of `run` is changed, and a frozen one is refused', async () => {
    const topic = await freshTopic();
    const config = Object.freeze({ eachMessage: async () => {} });
    await expect(refusalOf(() => consume(plainKafka(), topic, config))).resolves.toMatchObject({
      name: 'TypeError',
    });
    await consume(tracedKafka(), topic, config);
    await sendUntouched(topic, { value: 'v' });
    await ours.one(`process ${topic}`);
  });

  it('repeated traceparents lose the trace', async () => {
    const topic = await freshTopic();
    const { theirProcess, ourProcess } = await bothHandle(topic, async () => {});
    await sendUntouched(topic, { value: 'v', headers: { traceparent: [traceparent(1), traceparent(1)] } });
    expect((await theirProcess()).parentSpanContext).toBeUndefined();
    expect((await ourProcess()).parentSpanContext).toMatchObject({ spanId: remoteSpan(1).spanId });
  });

  it('a process span has no link to the context that created its message', async () => {
    const topic = await freshTopic();
    const { theirProcess, ourProcess } = await bothHandle(topic, async () => {});
    await sendUntouched(topic, { value: 'v', headers: { traceparent: traceparent(1) } });
    expect((await theirProcess()).links).toEqual([]);
    expect((await ourProcess()).links).toMatchObject([{ context: { spanId: remoteSpan(1).spanId } }]);
  });

  it('the offset is a string, and a send has none', async () => {
    const topic = await freshTopic();
    const { theirProcess, ourProcess } = await bothHandle(topic, async () => {});
    await sendOne(await plainProducer(), topic);
    expect((await theirProcess()).attributes['messaging.kafka.offset']).toBe('0');
    expect((await ourProcess()).attributes['kafka.offset']).toBe(0);
    expect((await theirs.one(`send ${topic}`)).attributes).not.toHaveProperty(['messaging.kafka.offset']);
    await sendOne(await tracedProducer(), topic);
    expect((await ours.one(`send ${topic}`)).attributes['kafka.offset']).toBe(1);
  });

  it('a binary key is written as if it were text', async () => {
    const topic = await freshTopic();
    const { theirProcess, ourProcess } = await bothHandle(topic, async () => {});
    await sendUntouched(topic, { key: Buffer.from([0xff]), value: 'v' });
    expect((await theirProcess()).attributes['messaging.kafka.message.key']).toBe('\ufffd');
    expect((await ourProcess()).attributes).not.toHaveProperty(['messaging.kafka.message.key']);
  });

  it('the span of a handler that throws at once is never ended', async () => {
    const topic = await freshTopic();
    let attempts = 0;
    const throwsOnce = (): Promise<void> => {
      attempts += 1;
      if (attempts === 1) {
        throw new Error('at once');
      }
      return Promise.resolve();
    };
    await sendUntouched(topic, { value: 'v' });
    await consume(plainKafka(), topic, throwsOnce);
    await theirs.one(`process ${topic}`); // Of the second delivery.
    expect([...theirs.open].filter(({ name }) => name === `process ${topic}`)).toHaveLength(1);
    attempts = 0;
    await consume(tracedKafka(), topic, throwsOnce);
    const [failed, handled] = await ours.all(`process ${topic}`, 2);
    expectFailed(failed as ReadableSpan, 'Error', 'at once');
    expectUnset(handled as ReadableSpan);
  });

  /** One consumer that the other instrumentation traces, and one that we do. */
  async function bothHandle(topic: string, handle: EachMessageHandler) {
    await consume(plainKafka(), topic, handle);
    await consume(tracedKafka(), topic, handle);
    return {
      theirProcess: () => theirs.one(`process ${topic}`),
      ourProcess: () => ours.one(`process ${topic}`),
    };
  }
});
