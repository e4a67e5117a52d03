import { trace } from '@opentelemetry/api';
import type { RecordMetadata } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { doubled } from '../support/doubled-driver.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { traceparent } from '../support/trace-context.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

describe('without any SDK', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it("returns the driver's own promise, and gives it the caller's own record", () => {
    const promise = new Promise<RecordMetadata[]>(() => {});
    const { producer, send } = doubled(() => promise);
    const record = { topic: 't', messages: [{ value: 'v', headers: { a: 'b' } }] };
    expect(producer.send(record)).toBe(promise);
    expect(send.mock.calls[0]?.[0]).toBe(record);
  });

  it('sends and handles messages as they are', async () => {
    const topic = await freshTopic();
    await sendOne(await tracedProducer({ correlationId: 'id' }), topic, { headers: { a: 'b' } });
    const handled: unknown[] = [];
    let attempts = 0;
    await consume(tracedKafka(), topic, async ({ message }) => {
      attempts += 1;
      if (attempts === 1) {
        throw new Error('once');
      }
      handled.push(message.headers);
    });
    await until('it was handled', () => handled.length === 1);
    expect(handled).toEqual([{ a: Buffer.from('b') }]);
    expect((await readPlain(topic, 1))[0]?.headers).toEqual({ a: Buffer.from('b') });
  });
});

describe('without an SDK, but with a propagator and a context manager', () => {
  useTracing({ tracerProvider: false });

  it('passes on the context of a message to what its handler sends', async () => {
    const [topic, next] = [await freshTopic(), await freshTopic('next')];
    const producer = await tracedProducer();
    const active: unknown[] = [];
    await consume(tracedKafka(), topic, async () => {
      active.push(trace.getActiveSpan()?.isRecording());
      await sendOne(producer, next, { headers: { a: 'b' } });
    });
    await sendPlain(topic, { value: 'v', headers: { traceparent: traceparent(1), baggage: 'tenant=blue' } });
    const [message] = await readPlain(next, 1);
    expect(message?.headers).toEqual({
      a: Buffer.from('b'),
      traceparent: Buffer.from(traceparent(1)),
      baggage: Buffer.from('tenant=blue'),
    });
    expect(active).toEqual([false]);
  });
});
