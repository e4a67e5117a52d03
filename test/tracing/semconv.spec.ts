import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SemconvNames } from '../../lib/kafka-tracing.options.js';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { KafkaMetrics } from '../../lib/tracing/kafka-metrics.js';
import * as semconv from '../../lib/tracing/semconv.js';
import { connected, freshTopic } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { consume, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';

const { FORMER_NAMES, MESSAGING_SYSTEM_KAFKA, ERROR_TYPE_OTHER, MESSAGING_HEADER, ...names } = semconv;

/** Those that no convention has; what they begin with keeps them apart. */
const OURS = Object.keys(names).filter((constant) => constant.startsWith('NESTJS_KAFKA_'));

describe('the copied names of the conventions, against their package 1.45', () => {
  const attributes: Readonly<Record<string, unknown>> = conventions;

  it.each(Object.entries(names).filter(([constant]) => !OURS.includes(constant)))(
    '%s is called as there: %s',
    (constant, name) => {
      expect(attributes[`ATTR_${constant}`]).toBe(name);
    },
  );

  it('name the values as there', () => {
    expect(MESSAGING_SYSTEM_KAFKA).toBe(conventions.MESSAGING_SYSTEM_NAME_VALUE_KAFKA);
    expect(ERROR_TYPE_OTHER).toBe(conventions.ERROR_TYPE_VALUE_OTHER);
  });

  it('have the former name of every one that was renamed', () => {
    expect(FORMER_NAMES).toEqual({
      [conventions.ATTR_MESSAGING_SYSTEM_NAME]: conventions.ATTR_MESSAGING_SYSTEM,
      [conventions.ATTR_KAFKA_MESSAGE_KEY]: conventions.ATTR_MESSAGING_KAFKA_MESSAGE_KEY,
      [conventions.ATTR_KAFKA_MESSAGE_TOMBSTONE]: conventions.ATTR_MESSAGING_KAFKA_MESSAGE_TOMBSTONE,
      [conventions.ATTR_KAFKA_OFFSET]: conventions.ATTR_MESSAGING_KAFKA_OFFSET,
    });
  });

  it('are told apart from those that are ours', () => {
    const known = new Set(Object.values(attributes));
    expect(OURS).not.toEqual([]);
    for (const constant of OURS) {
      const name = names[constant as keyof typeof names];
      expect(name).toMatch(/^nestjs\.kafka\./);
      expect(known.has(name)).toBe(false);
    }
    expect([...known].filter((name) => String(name).startsWith(MESSAGING_HEADER))).toEqual([]);
  });
});

describe('the names of metrics', () => {
  const metrics = useMetrics();

  it('are those of the conventions, but for ours', async () => {
    const kafka = new KafkaMetrics();
    kafka.sent({}, 1, 1, ROOT_CONTEXT);
    kafka.consumed({}, 1, ROOT_CONTEXT);
    kafka.processed({}, 1, ROOT_CONTEXT);
    kafka.queued({}, 1, ROOT_CONTEXT);
    kafka.dropped('baggage', 1);
    expect(Object.keys(await metrics.collect()).sort()).toEqual(
      [
        conventions.METRIC_MESSAGING_CLIENT_SENT_MESSAGES,
        conventions.METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES,
        conventions.METRIC_MESSAGING_CLIENT_OPERATION_DURATION,
        conventions.METRIC_MESSAGING_PROCESS_DURATION,
        'nestjs.kafka.message.queue.duration',
        'nestjs.kafka.propagation.dropped',
      ].sort(),
    );
  });
});

describe('the types of operations', () => {
  const spans = useTracing();

  it('are those of the conventions', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    await producer.send({ topic, messages: [{ value: '1' }, { value: '2' }] });
    await consume(tracedKafka(), topic, async () => {});
    await spans.all(`process ${topic}`, 2);
    const typeOf = (name: string) =>
      spans.named(name)[0]?.attributes[conventions.ATTR_MESSAGING_OPERATION_TYPE];
    expect([`create ${topic}`, `send ${topic}`, `process ${topic}`].map(typeOf)).toEqual([
      conventions.MESSAGING_OPERATION_TYPE_VALUE_CREATE,
      conventions.MESSAGING_OPERATION_TYPE_VALUE_SEND,
      conventions.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
    ]);
  });
});

describe('OTEL_SEMCONV_STABILITY_OPT_IN', () => {
  const spans = useTracing();
  afterEach(() => vi.unstubAllEnvs());

  const LATEST = ['kafka.message.key', 'kafka.message.tombstone', 'kafka.offset', 'messaging.system.name'];
  const FORMER = [
    'messaging.kafka.message.key',
    'messaging.kafka.message.tombstone',
    'messaging.kafka.offset',
    'messaging.system',
  ];

  it.each<[environment: string | undefined, option: SemconvNames | undefined, names: readonly string[]]>([
    [undefined, undefined, [...LATEST, ...FORMER]],
    ['', undefined, [...LATEST, ...FORMER]],
    ['http,database', undefined, [...LATEST, ...FORMER]],
    ['messaging/dup', undefined, [...LATEST, ...FORMER]],
    ['messaging,messaging/dup', undefined, [...LATEST, ...FORMER]],
    ['messaging', undefined, LATEST],
    ['http/dup, messaging ,rpc', undefined, LATEST],
    ['messaging', 'both', [...LATEST, ...FORMER]],
    ['messaging/dup', 'latest', LATEST],
    [undefined, 'latest', LATEST],
  ])(
    '%j, and the option %j, decide which names sends and deliveries have',
    async (environment, option, expected) => {
      vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', environment);
      const kafka = tracedKafka(option === undefined ? {} : { semconv: option });
      const topic = await freshTopic();
      await consume(kafka, topic, async () => {});
      await sendOne(await connected(kafka.producer()), topic, { key: 'k', value: null });

      const sent = await spans.one(`send ${topic}`);
      const handled = await spans.one(`process ${topic}`);
      expect(sent.kind).toBe(SpanKind.PRODUCER);
      for (const span of [sent, handled]) {
        expect(renamedNamesOf(span)).toEqual([...expected].sort());
      }
    },
  );

  function renamedNamesOf(span: RecordedSpan): readonly string[] {
    return Object.keys(span.attributes)
      .filter((name) => [...LATEST, ...FORMER].includes(name))
      .sort();
  }
});
