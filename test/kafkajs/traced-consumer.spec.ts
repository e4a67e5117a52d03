import { ROOT_CONTEXT, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import type { ConsumerRunConfig, EachMessagePayload, IHeaders } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/resolve-options.js';
import { traceDriver, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { KafkaTracer } from '../../lib/tracing/kafka-tracer.js';
import {
  exceptionsOf,
  expectChildOf,
  expectFailed,
  expectLinkedTo,
  expectUnset,
} from '../support/expectations.js';
import { connected, freshName, freshTopic, plainKafka, sendPlain } from '../support/kafka.js';
import { remoteSpan, traceparent, withBaggage } from '../support/trace-context.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, tracer, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const tenant = (): string | undefined => propagation.getActiveBaggage()?.getEntry('tenant')?.value;

class OrderError extends Error {
  override readonly name = 'OrderError'; // kafkajs gives a TypeError no second try.
}

describe('a traced consumer', () => {
  const spans = useTracing();

  it('has the process span and the baggage of the message active in the handler, also after it has waited', async () => {
    const topic = await freshTopic();
    const seen: unknown[] = [];
    await consume(tracedKafka(), topic, async () => {
      seen.push(tenant(), trace.getActiveSpan()?.spanContext().spanId);
      await new Promise(setImmediate);
      seen.push(tenant(), trace.getActiveSpan()?.spanContext().spanId);
    });
    const producer = await tracedProducer();
    const blue = withBaggage(ROOT_CONTEXT, { tenant: 'blue' });
    await context.with(blue, () => inSpan('caller', () => sendOne(producer, topic)));
    const span = await spans.one(`process ${topic}`);
    const { spanId } = span.spanContext();
    expect(seen).toEqual(['blue', spanId, 'blue', spanId]);
    expectChildOf(span, await spans.one(`send ${topic}`));
    expectUnset(span);
  });

  it.each<[what: string, message: Parameters<typeof sendPlain>[1]]>([
    ['no headers', { key: 'k', value: 'v' }],
    ['a null value', { key: 'k', value: null }],
    ['a null key', { key: null, value: 'v' }],
    ['headers of others', { value: 'v', headers: { a: 'b' } }],
  ])('handles a message with %s as a root', async (_what, message) => {
    const topic = await freshTopic();
    const handled: EachMessagePayload['message'][] = [];
    await consume(tracedKafka(), topic, async (payload) => void handled.push(payload.message));
    await sendPlain(topic, message);
    const { attributes, links, parentSpanContext } = await spans.one(`process ${topic}`);
    expect(parentSpanContext).toBeUndefined();
    expect(links).toEqual([]);
    expect(attributes['kafka.message.key']).toBe(message.key ?? undefined);
    expect(attributes['kafka.message.tombstone']).toBe(message.value === null ? true : undefined);
    expect(handled[0]?.value).toEqual(message.value === null ? null : Buffer.from('v'));
  });

  it('continues the last valid one of repeated traceparents', async () => {
    const topic = await freshTopic();
    await consume(tracedKafka(), topic, async () => {});
    await sendPlain(topic, { value: 'v', headers: { traceparent: [traceparent(1), traceparent(2), 'x'] } });
    expect((await spans.one(`process ${topic}`)).parentSpanContext?.spanId).toBe(remoteSpan(2).spanId);
  });

  it.each<[what: string, fail: () => Promise<void>]>([
    ['rejects', () => Promise.reject(new OrderError('first'))],
    [
      'throws before it returns a promise',
      () => {
        throw new OrderError('first');
      },
    ],
    [
      'returns a thenable that rejects',
      () => thenable((_resolve, reject) => reject(new OrderError('first'))),
    ],
  ])('lets kafkajs deliver again when the handler %s, in a new span', async (_what, fail) => {
    const topic = await freshTopic();
    let attempts = 0;
    await consume(tracedKafka(), topic, () => {
      attempts += 1;
      return attempts === 1 ? fail() : Promise.resolve();
    });
    await sendOne(await tracedProducer(), topic);
    const [first, second] = await spans.all(`process ${topic}`, 2);
    const send = await spans.one(`send ${topic}`);
    expectFailed(first as never, 'OrderError', 'first');
    expect(exceptionsOf(first as never)).toEqual(['first']);
    expectUnset(second as never);
    for (const span of [first, second]) {
      expectChildOf(span as never, send);
      expectLinkedTo(span as never, send);
    }
    expect(attempts).toBe(2);
  });

  it.each<[what: string, result: () => unknown]>([
    ['nothing', () => undefined],
    ['a value', () => 7],
    ['a thenable', () => thenable((resolve) => resolve())],
  ])('takes a handler that returns %s', async (_what, result) => {
    const topic = await freshTopic();
    let handled = 0;
    await consume(tracedKafka(), topic, (() => {
      handled += 1;
      return result();
    }) as never);
    await sendPlain(topic, { value: '1' });
    await sendPlain(topic, { value: '2' });
    (await spans.all(`process ${topic}`, 2)).forEach(expectUnset);
    expect(handled).toBe(2);
  });

  it('does not handle a message before the one before it has settled', async () => {
    const topic = await freshTopic();
    const log: string[] = [];
    const opened: (() => void)[] = [];
    await consume(tracedKafka(), topic, async ({ message }) => {
      log.push(`start ${String(message.value)}`);
      await new Promise<void>((resolve) => opened.push(resolve));
      log.push(`end ${String(message.value)}`);
    });
    const producer = await connected(plainKafka().producer());
    await producer.send({ topic, messages: [{ value: '1' }, { value: '2' }, { value: '3' }] });
    for (let number = 1; number <= 3; number += 1) {
      await until(`message ${number} is handled`, () => opened.length === number);
      expect(log).toHaveLength(2 * number - 1);
      expect(spans.open).toHaveLength(1);
      opened.at(-1)?.();
    }
    await spans.all(`process ${topic}`, 3);
    expect(log).toEqual(['start 1', 'end 1', 'start 2', 'end 2', 'start 3', 'end 3']);
  });

  it('knows nothing of what was active when it was started', async () => {
    const topic = await freshTopic();
    const tenants: unknown[] = [];
    const red = withBaggage(ROOT_CONTEXT, { tenant: 'red' });
    await context.with(red, () =>
      inSpan('starter', () => consume(tracedKafka(), topic, async () => void tenants.push(tenant()))),
    );
    await sendPlain(topic, { value: 'v' });
    const span = await spans.one(`process ${topic}`);
    expect(tenants).toEqual([undefined]);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.links).toEqual([]);
  });

  it('links to a span that somebody put around the call of eachMessage', async () => {
    const topic = await freshTopic();
    const kafka = plainKafka();
    const { consumer } = kafka;
    kafka.consumer = (config) => {
      const made = consumer.call(kafka, config);
      const { run } = made;
      made.run = (given) =>
        run({
          ...given,
          eachMessage: (payload) => inSpan('ambient', async () => given?.eachMessage?.(payload)),
        });
      return made;
    };
    await consume(traceKafka(kafka), topic, async () => {});
    await sendOne(await tracedProducer(), topic);
    const span = await spans.one(`process ${topic}`);
    const send = await spans.one(`send ${topic}`);
    expectChildOf(span, send);
    expectLinkedTo(span, send, await spans.one('ambient'));
  });

  it('does not mix the contexts of partitions that are handled at the same time', async () => {
    const partitions = [0, 1, 2];
    const topic = await freshTopic('orders', { partitions: partitions.length });
    const producer = await tracedProducer();
    for (const partition of partitions) {
      const baggage = withBaggage(ROOT_CONTEXT, { tenant: `of ${partition}` });
      await context.with(baggage, () => sendOne(producer, topic, { partition }));
    }
    let running = 0;
    const tenants = new Map<number, unknown>();
    await consume(tracedKafka(), topic, {
      partitionsConsumedConcurrently: partitions.length,
      eachMessage: async ({ partition }) => {
        running += 1;
        await until('all partitions are being handled', () => running === partitions.length);
        tenants.set(partition, tenant());
        tracer().startSpan(`work of ${partition}`).end();
      },
    });
    const processed = await spans.all(`process ${topic}`, partitions.length);
    for (const partition of partitions) {
      const own = processed.find(
        (span) => span.attributes['messaging.destination.partition.id'] === `${partition}`,
      );
      expectChildOf(await spans.one(`work of ${partition}`), own as never);
      expect(tenants.get(partition)).toBe(`of ${partition}`);
    }
  });
});

describe('a topic that nobody handles', () => {
  const spans = useTracing();
  const request = { kafka_correlationId: 'c-1', kafka_replyTopic: 'replies' };

  it.each<[what: string, headers: IHeaders | undefined, failure: string | undefined]>([
    ['an event', undefined, undefined],
    ['an event that has a correlation id', { kafka_correlationId: 'c-1' }, undefined],
    ['a request', request, '_OTHER'],
  ])('is said of the delivery, and fails only a request: %s', async (_what, headers, failure) => {
    const topic = await freshTopic();
    const tracer = new KafkaTracer(resolveOptions());
    const tracing = { tracer: () => tracer, endpoint: () => ({}), handlersOf: () => ({ isMissing: true }) };
    await consume(traceDriver(plainKafka(), tracing), topic, async () => {});
    await sendPlain(topic, { value: 'v', ...(headers === undefined ? {} : { headers }) });
    const span = await spans.one(`process ${topic}`);
    expect(span.attributes['nestjs.kafka.handler.missing']).toBe(true);
    expect(span.attributes['error.type']).toBe(failure);
    expect(span.status.code === SpanStatusCode.ERROR).toBe(failure !== undefined);
  });
});

describe('a consumer whose tracer comes and goes', () => {
  const spans = useTracing();

  it('asks for it at each message', async () => {
    const topic = await freshTopic();
    let tracer: KafkaTracer | undefined;
    let handled = 0;
    const tracing = { tracer: () => tracer, endpoint: () => ({}) };
    await consume(traceDriver(plainKafka(), tracing), topic, async () => void (handled += 1));
    await sendPlain(topic, { value: '1' });
    await until('the first was handled', () => handled === 1);
    expect(spans.finished).toEqual([]);
    tracer = new KafkaTracer(resolveOptions());
    await sendPlain(topic, { value: '2' });
    await spans.one(`process ${topic}`);
    expect(handled).toBe(2);
  });
});

describe('the configuration of consumer.run', () => {
  const spans = useTracing();

  it('is not changed, and may be frozen', async () => {
    const topic = await freshTopic();
    const config = Object.freeze({ autoCommit: true, eachMessage: handleNothing });
    await consume(tracedKafka(), topic, config);
    await sendPlain(topic, { value: 'v' });
    await spans.one(`process ${topic}`);
    expect(config).toEqual({ autoCommit: true, eachMessage: handleNothing });
  });

  it('reaches kafkajs as it came where it has no handler', async () => {
    const configs: (ConsumerRunConfig | undefined)[] = [];
    const kafka = plainKafka();
    const driver = kafka.consumer({ groupId: freshName('g') });
    driver.run = async (config) => void configs.push(config);
    kafka.consumer = () => driver;
    const nothing: ConsumerRunConfig = { autoCommit: false };
    const consumer = traceKafka(kafka).consumer({ groupId: 'g' });
    await consumer.run(nothing);
    await consumer.run();
    expect(configs[0]).toBe(nothing);
    expect(configs[1]).toBeUndefined();
  });

  it('keeps its handler where tracing is off when a message comes', async () => {
    const topic = await freshTopic();
    const handled: unknown[] = [];
    await consume(
      tracedKafka({ enabled: false }),
      topic,
      async ({ message }) => void handled.push(message.value),
    );
    await sendPlain(topic, { value: 'v' });
    await until('it was handled', () => handled.length === 1);
    expect(spans.finished).toEqual([]);
  });
});

async function handleNothing(): Promise<void> {}

function thenable(then: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> {
  // oxlint-disable-next-line unicorn/no-thenable -- what a promise library of somebody's own returns.
  return { then } as Promise<void>;
}
