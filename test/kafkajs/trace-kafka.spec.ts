import { inspect } from 'node:util';
import { Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, KafkaTracingError, UntraceableKafkaError } from '../../lib/errors/index.js';
import { type TraceKafkaOptions, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { recordReports } from '../support/diag-reports.js';
import { expectChildOf, expectLinkedTo } from '../support/expectations.js';
import { clientConfig, connected, freshTopic, plainKafka, readPlain, sendPlain } from '../support/kafka.js';
import { refusalOf } from '../support/refusal.js';
import { traceparent } from '../support/trace-context.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';

describe('traceKafka', () => {
  const spans = useTracing();

  it('traces a plain kafkajs from send to handler, without Nest', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka({ semconv: 'latest' });
    const groupId = await consume(kafka, topic, async () => {});
    await sendOne(await connected(kafka.producer()), topic, { key: 'k-1' });
    const process = await spans.one(`process ${topic}`);
    const send = await spans.one(`send ${topic}`);
    expectChildOf(process, send);
    expectLinkedTo(process, send);
    const [address, port] = (clientConfig('').brokers[0] as string).split(':');
    const common = {
      'messaging.system.name': 'kafka',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
      'messaging.client.id': 'traced',
      'kafka.message.key': 'k-1',
      'kafka.offset': 0,
      'server.address': address,
      'server.port': Number(port),
    };
    expect(send.attributes).toEqual({
      ...common,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    });
    expect(process.attributes).toEqual({
      ...common,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': groupId,
    });
  });

  it('writes the older names beside the newer by default', async () => {
    const topic = await freshTopic();
    await sendOne(await tracedProducer(), topic, { key: Buffer.from('k-1'), value: null });
    await consume(tracedKafka(), topic, async () => {});
    for (const span of [await spans.one(`send ${topic}`), await spans.one(`process ${topic}`)]) {
      expect(span.attributes).toMatchObject({
        'messaging.system': 'kafka',
        'messaging.kafka.message.key': 'k-1',
        'messaging.kafka.message.tombstone': true,
        'messaging.kafka.offset': 0,
      });
    }
  });

  it('returns the same object, which is still a Kafka and shows nothing new', () => {
    const kafka = plainKafka();
    const shown = inspect(kafka);
    const keys = Object.keys(kafka);
    expect(traceKafka(kafka)).toBe(kafka);
    expect(kafka).toBeInstanceOf(Kafka);
    expect(Object.keys(kafka)).toEqual(keys);
    expect(inspect(kafka)).toBe(shown);
    for (const name of ['producer', 'consumer']) {
      expect(Object.getOwnPropertyDescriptor(kafka, name)).toMatchObject({ enumerable: false });
    }
  });

  it('traces once, however often it is called', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka();
    const { producer } = kafka;
    expect(traceKafka(kafka, { relation: 'link' })).toBe(kafka);
    expect(kafka.producer).toBe(producer);
    await sendOne(await connected(kafka.producer()), topic);
    await consume(kafka, topic, async () => {});
    await spans.one(`process ${topic}`);
    await spans.one(`send ${topic}`);
  });

  it('leaves everything else of a producer and a consumer as kafkajs made it', () => {
    const kafka = plainKafka();
    const made = { producer: kafka.producer(), consumer: kafka.consumer({ groupId: 'g' }) };
    kafka.producer = () => made.producer;
    kafka.consumer = () => made.consumer;
    const before = { producer: { ...made.producer }, consumer: { ...made.consumer } };
    traceKafka(kafka);
    const producer = kafka.producer();
    expect(producer).toBe(made.producer);
    const [send, sendBatch, transaction, disconnect] = Array.from({ length: 4 }, () => expect.any(Function));
    expect(producer).toEqual({ ...before.producer, send, sendBatch, transaction, disconnect });
    for (const name of ['events', 'on', 'logger', 'isIdempotent', 'connect'] as const) {
      expect(producer[name]).toBe(before.producer[name]);
    }
    const consumer = kafka.consumer({ groupId: 'g' });
    expect(consumer).toBe(made.consumer);
    expect(consumer).toEqual({ ...before.consumer, run: expect.any(Function) });
  });

  it('refuses a consumer without a group in the words of kafkajs', async () => {
    const [traced, plain] = await Promise.all(
      [tracedKafka(), plainKafka()].map((kafka) => refusalOf(async () => kafka.consumer({} as never))),
    );
    expect(traced).toEqual(plain);
    expect(plain).toMatchObject({ name: 'KafkaJSNonRetriableError' });
  });

  it('leaves a producer and a consumer that cannot be traced as they are', () => {
    const reports = recordReports();
    const kafka = plainKafka();
    const producer = Object.freeze(kafka.producer());
    const consumer = Object.freeze(kafka.consumer({ groupId: 'g' }));
    kafka.producer = () => producer;
    kafka.consumer = () => consumer;
    traceKafka(kafka);
    expect(kafka.producer()).toBe(producer);
    expect(kafka.consumer({ groupId: 'g' })).toBe(consumer);
    expect(reports).toHaveLength(2);
  });

  it('does nothing with `enabled: false`', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka({ enabled: false });
    await sendOne(await connected(kafka.producer()), topic, { headers: { a: 'b' } });
    await sendPlain(topic, { value: 'v', headers: { traceparent: traceparent(1) } });
    let handled = 0;
    await consume(kafka, topic, async () => void (handled += 1));
    const [message] = await readPlain(topic, 2);
    expect(message?.headers).toEqual({ a: Buffer.from('b') });
    await expect.poll(() => handled).toBe(2);
    expect(spans.finished).toEqual([]);
  });

  it.each<[option: string, options: unknown, value: unknown]>([
    ['relation', { relation: 'child' }, 'child'],
    ['semconv', { semconv: 'old' }, 'old'],
    ['brokers', { brokers: 'localhost:9092' }, 'localhost:9092'],
    ['brokers', { brokers: [9092] }, [9092]],
    ['clientId', { clientId: 7 }, 7],
    ['topic', { topic: 'x' }, 'x'],
    ['options', null, null],
    ['options', 'both', 'both'],
  ])('refuses a bad %s with its value and the cure: %j', (option, options, value) => {
    const kafka = plainKafka();
    const { producer } = kafka;
    let refusal: unknown;
    try {
      traceKafka(kafka, options as TraceKafkaOptions);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(InvalidOptionError);
    expect(refusal).toMatchObject({ option, value, cure: expect.stringMatching(/\w/) });
    expect(kafka.producer).toBe(producer);
  });

  it.each<[what: string, given: () => unknown, message: RegExp]>([
    ['nothing', () => undefined, /to be a Kafka of kafkajs, got `undefined`\. Pass one/],
    ['null', () => null, /to be a Kafka of kafkajs, got `null`/],
    ['a string', () => 'kafka', /to be a Kafka of kafkajs, got `'kafka'`/],
    ['an empty object', () => ({}), /to be a Kafka of kafkajs, got `\{\}`/],
    ['the promise of a Kafka', async () => plainKafka(), /to be a Kafka of kafkajs, got `Promise/],
    ['a producer', () => plainKafka().producer(), /to be a Kafka of kafkajs, got/],
    ['a Kafka that is frozen', () => Object.freeze(plainKafka()), /to be open to changes, .*before/s],
    ['a Kafka that is sealed', () => Object.seal(plainKafka()), /to be open to changes/],
    [
      'a Kafka whose consumer() is fixed',
      () => Object.defineProperty(plainKafka(), 'consumer', { value: () => undefined }),
      /to be open to changes/,
    ],
  ])('refuses %s with the cure, and changes nothing of it', (_what, given, message) => {
    const kafka = given() as Kafka;
    const shown = inspect(kafka, { showHidden: true });
    expect(() => traceKafka(kafka)).toThrow(UntraceableKafkaError);
    expect(() => traceKafka(kafka)).toThrow(KafkaTracingError);
    expect(() => traceKafka(kafka)).toThrow(message);
    expect(() => traceKafka(kafka)).toThrow(
      expect.objectContaining({ value: kafka, code: 'KAFKA_TRACING_UNTRACEABLE_KAFKA' }),
    );
    expect(inspect(kafka, { showHidden: true })).toBe(shown);
  });

  it('takes a Kafka that was traced before it was frozen', () => {
    const kafka = Object.freeze(traceKafka(plainKafka()));
    expect(traceKafka(kafka)).toBe(kafka);
  });
});
