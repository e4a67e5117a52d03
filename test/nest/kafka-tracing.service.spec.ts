import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api';
import { KafkaTracing } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { expectChildOf } from '../support/expectations.js';
import { connected, freshTopic } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { inSpan, tracer, useTracing } from '../support/tracing.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('KafkaTracing', () => {
  const spans = useTracing();

  it('injects the active context into a copy of the headers', async () => {
    const app = await startMicroservice({ tracing: { correlationId: 'correlation_id' } });
    const given = Object.freeze({ tenant: 'a' });

    const headers = await inSpan('create_order', async () => app.get(KafkaTracing).inject(given));

    const { traceId, spanId } = (await spans.one('create_order')).spanContext();
    const traceparent = `00-${traceId}-${spanId}-01`;
    expect(headers).toEqual({ tenant: 'a', traceparent, correlation_id: traceId });
    expect(given).toEqual({ tenant: 'a' });
  });

  it('injects nothing where nothing is active, into headers that may be changed', async () => {
    const tracing = (await startMicroservice({})).get(KafkaTracing);
    const given = { tenant: 'a' };
    expect(tracing.inject()).toEqual({});
    expect(tracing.inject(given)).toEqual(given);
    expect(tracing.inject(given)).not.toBe(given);
  });

  it('injects nothing where tracing is off', async () => {
    const tracing = (await startMicroservice({ tracing: { enabled: false } })).get(KafkaTracing);
    expect(await inSpan('caller', async () => tracing.inject({ a: '1' }))).toEqual({ a: '1' });
  });

  it('extracts a context from headers of any shape, on the root context', async () => {
    const tracing = (await startMicroservice({})).get(KafkaTracing);
    const baggage = 'tenant=a';
    const extracted = await inSpan('ambient', async () =>
      tracing.extract({ traceparent: Buffer.from(TRACEPARENT), baggage }),
    );
    expect(trace.getSpanContext(extracted)?.spanId).toBe('b7ad6b7169203331');
    expect(propagation.getBaggage(extracted)?.getEntry('tenant')?.value).toBe('a');
    expect(tracing.extract(undefined)).toBe(ROOT_CONTEXT);
    expect(tracing.extract({ traceparent: 'nonsense' })).toBe(ROOT_CONTEXT);
  });

  it('runs a function in the context of a message, and opens no span', async () => {
    const tracing = (await startMicroservice({})).get(KafkaTracing);
    const message = { headers: { traceparent: TRACEPARENT } };
    const failure = new Error('of the function');

    const span = await tracing.runInContextOf(message, async () => tracer().startSpan('within'));
    span.end();

    expect((await spans.one('within')).parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(spans.finished).toHaveLength(1);
    expect(context.active()).toBe(ROOT_CONTEXT);
    expect(() =>
      tracing.runInContextOf(message, () => {
        throw failure;
      }),
    ).toThrow(failure);
  });

  it('lets a relay send what was kept, as a child of what created it', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({});
    const tracing = app.get(KafkaTracing);
    const client = await clientOf(app);
    const producer = await connected(client.unwrap<import('kafkajs').Kafka>().producer());
    const row = await inSpan('create_order', async () => ({ value: '{}', headers: tracing.inject() }));

    await inSpan('poll', () => tracing.runInContextOf(row, () => producer.send({ topic, messages: [row] })));

    expectChildOf(await spans.one(`send ${topic}`), await spans.one('create_order'));
    expect((await spans.one(`send ${topic}`)).links).toEqual([]);
  });
});
