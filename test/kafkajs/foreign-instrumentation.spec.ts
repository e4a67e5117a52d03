import { DiagLogLevel, SpanKind, diag } from '@opentelemetry/api';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { expectChildOf, expectLinkedTo } from '../support/expectations.js';
import {
  FOREIGN,
  foreignSpans,
  isWrapped,
  useForeignInstrumentation,
} from '../support/foreign-instrumentation.js';
import { connected, freshName, freshTopic, plainKafka, readPlain } from '../support/kafka.js';
import { consume, plainProducer, sendOne, tracedKafka } from '../support/traced-kafka.js';
import { afterTest, inSpan, useTracing } from '../support/tracing.js';
import { useCoordinators } from '../support/transactions.js';
import { until } from '../support/until.js';

describe(`while ${FOREIGN} is active`, () => {
  const spans = useTracing();
  useCoordinators();
  const metrics = useForeignInstrumentation();

  it('a plain kafkajs has its spans, as the README tells of them', async () => {
    const topic = await freshTopic();
    expect(isWrapped(plainKafka())).toBe(true);
    await consume(plainKafka(), topic, async () => {});
    await sendOne(await plainProducer(), topic);
    await spans.one(`process ${topic}`);
    await spans.one(`send ${topic}`);

    const batched = await freshTopic();
    const transactionalId = freshName('tx');
    const options = { idempotent: true, maxInFlightRequests: 1, transactionalId };
    const transaction = await (await connected(plainKafka().producer(options))).transaction();
    await transaction.send({ topic: batched, messages: [{ value: '1' }, { value: '2' }] });
    await transaction.commit();
    await consume(plainKafka(), batched, { eachBatch: async () => {} });
    await spans.one(`poll ${batched}`);
    expect([...foreignSpans(spans.finished)].sort()).toEqual(
      [
        `CLIENT poll ${batched}`,
        `CONSUMER process ${batched}`,
        `CONSUMER process ${batched}`,
        `CONSUMER process ${topic}`,
        'INTERNAL transaction',
        `PRODUCER send ${batched}`,
        `PRODUCER send ${batched}`,
        `PRODUCER send ${topic}`,
      ].sort(),
    );
  });

  it('a message has one PRODUCER and one CONSUMER span, ours, and carries our context', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka();
    expect(isWrapped(plainKafka())).toBe(true);
    await consume(kafka, topic, async () => {});
    const producer = await connected(kafka.producer());
    await inSpan('caller', () => sendOne(producer, topic, { headers: { a: 'b' } }));

    const process = await spans.one(`process ${topic}`);
    const send = await spans.one(`send ${topic}`);
    expect([send.kind, process.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expectChildOf(send, await spans.one('caller'));
    expectChildOf(process, send);
    expectLinkedTo(send);
    expectLinkedTo(process, send);
    expect(foreignSpans(spans.finished)).toEqual([]);
    const { traceId, spanId } = send.spanContext();
    expect((await readPlain(topic, 1))[0]?.headers).toEqual({
      a: Buffer.from('b'),
      traceparent: Buffer.from(`00-${traceId}-${spanId}-01`),
    });
  });

  it('batches and transactions have none of its spans, and one PRODUCER span of ours for each message', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka();
    expect(isWrapped(plainKafka())).toBe(true);
    const values: string[] = [];
    await consume(kafka, topic, {
      eachBatch: async ({ batch }) => void values.push(...batch.messages.map(({ value }) => String(value))),
    });
    const producer = await connected(kafka.producer());
    await producer.send({ topic, messages: [{ value: '1' }, { value: '2' }] });
    await producer.sendBatch({ topicMessages: [{ topic, messages: [{ value: '3' }] }] });
    const options = { idempotent: true, maxInFlightRequests: 1, transactionalId: freshName('tx') };
    const transactional = await connected(kafka.producer(options));
    const transaction = await transactional.transaction();
    await transaction.send({ topic, messages: [{ value: '4' }] });
    await transaction.sendBatch({ topicMessages: [{ topic, messages: [{ value: '5' }] }] });
    await transaction.commit();
    await until('all were handled', () => values.length === 5);
    expect(values).toEqual(['1', '2', '3', '4', '5']);
    const creating = [...spans.finished];
    const creations = creating
      .filter(({ kind }) => kind === SpanKind.PRODUCER)
      .map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`);
    const carried = (await readPlain(topic, 5)).map(({ headers }) => String(headers?.['traceparent']));
    expect(new Set(carried).size).toBe(5);
    expect([...creations].sort()).toEqual([...carried].sort());
    expect(foreignSpans(creating)).toEqual([]);
  });

  it('its metrics of single requests to the broker stay, those of messages go', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka();
    await consume(kafka, topic, async () => {});
    await sendOne(await connected(kafka.producer()), topic);
    await spans.one(`process ${topic}`);
    const collected = await metrics.collect();
    expect(Object.keys(collected)).toEqual(['messaging.client.operation.duration']);
    expect(collected['messaging.client.operation.duration']).toEqual(
      expect.arrayContaining(['Produce', 'Fetch']),
    );

    await consume(plainKafka(), topic, async () => {});
    await until(
      'it counts what is not ours',
      async () => 'messaging.process.duration' in (await metrics.collect()),
    );
    await sendOne(await plainProducer(), topic);
    expect(Object.keys(await metrics.collect()).sort()).toEqual([
      'messaging.client.consumed.messages',
      'messaging.client.operation.duration',
      'messaging.client.sent.messages',
      'messaging.process.duration',
    ]);
  });

  it('a topic that is not to be traced has spans of neither', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka({ topics: [{ match: topic, trace: false }] });
    let handled = 0;
    await consume(kafka, topic, async () => void (handled += 1));
    await sendOne(await connected(kafka.producer()), topic);
    await until('it was handled', () => handled === 1);
    expect(spans.finished).toEqual([]);
  });

  it('goes on tracing where we are turned off', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka({ enabled: false });
    await consume(kafka, topic, async () => {});
    await sendOne(await connected(kafka.producer()), topic);
    await spans.one(`process ${topic}`);
    await spans.one(`send ${topic}`);
    expect([...foreignSpans(spans.finished)].sort()).toEqual([
      `CONSUMER process ${topic}`,
      `PRODUCER send ${topic}`,
    ]);
  });
});

describe('the report of another instrumentation', () => {
  useTracing();
  useForeignInstrumentation();
  const fresh = useFreshModules();

  it('is one warning in a process, that says what was found and what to do', async () => {
    const warnings = recordWarnings();
    const topic = await freshTopic();
    for (const kafka of [fresh.traceKafka(plainKafka()), fresh.traceKafka(plainKafka())]) {
      await consume(kafka, topic, async () => {});
      await sendOne(await connected(kafka.producer()), topic);
    }
    expect(warnings).toEqual([
      `Another instrumentation traces kafkajs, too: ${FOREIGN}, or one made like it. Its spans are left out, those of ` +
        'nestjs-kafka-tracing count. Remove it from your instrumentations, of the auto-instrumentations with ' +
        `\`'${FOREIGN}': { enabled: false }\`.`,
    ]);
    expect(fresh.foreignInstrumentation()).toEqual([`${FOREIGN}, or one made like it`]);
  });

  it('is none where we are turned off', async () => {
    const warnings = recordWarnings();
    const topic = await freshTopic();
    expect(isWrapped(plainKafka())).toBe(true);
    const kafka = fresh.traceKafka(plainKafka(), { enabled: false });
    await sendOne(await connected(kafka.producer()), topic);
    expect(warnings).toEqual([]);
    expect(fresh.foreignInstrumentation()).toEqual([]);
  });
});

describe("the driver's own method", () => {
  useTracing();
  const fresh = useFreshModules();

  it('is the one that nothing has wrapped, and nothing is reported', () => {
    const found = vi.fn<(finding: string) => void>();
    expect(fresh.driversOwn(own, found)).toBe(own);
    expect(found).not.toHaveBeenCalled();
    expect(fresh.foreignInstrumentation()).toEqual([]);
  });

  it('is found below several layers, which are reported once', () => {
    const found = vi.fn<(finding: string) => void>();
    const wrapped = wrap(wrap(wrap(own)));
    expect(fresh.driversOwn(wrapped, found)).toBe(own);
    expect(fresh.driversOwn(wrapped, found)).toBe(own);
    expect(fresh.driversOwn(wrap(own), found)).toBe(own);
    expect(found).toHaveBeenCalledOnce();
  });

  it('is not looked for where originals lead round in a circle, or are no functions', () => {
    const circle: Method & { __original?: unknown } = marked({});
    circle.__original = wrap(circle);
    expect(fresh.driversOwn(circle)).toBe(circle);
    const strange = marked({ __original: 'send' });
    expect(fresh.driversOwn(strange)).toBe(strange);
    expect(fresh.foreignInstrumentation()).toEqual([]);
  });

  it('is the method itself where looking at it throws, and where the report does', () => {
    const reports = recordWarnings();
    const hostile = Object.defineProperty(marked({}), '__original', { get: boom });
    expect(fresh.driversOwn(hostile)).toBe(hostile);
    expect(fresh.driversOwn(wrap(own), boom)).toBe(own);
    expect(reports).toEqual([
      'nestjs-kafka-tracing failed to look for another instrumentation; messages go their way without it.',
      'nestjs-kafka-tracing failed to report another instrumentation; messages go their way without it.',
    ]);
  });

  // As these packages were seen to leave a method of kafkajs.
  it.each<[name: string, cure: string, made: () => Method]>([
    ['dd-trace', 'DD_TRACE_KAFKAJS_ENABLED=false', asDatadogDoes],
    [
      'elastic-apm-node',
      'ELASTIC_APM_DISABLE_INSTRUMENTATIONS=kafkajs',
      () => marked({ [Symbol('elasticAPMIsWrapped')]: true }),
    ],
    ['newrelic', NEW_RELIC_CURE, () => marked({ [Symbol('shimWrapped')]: true })],
    ['newrelic', NEW_RELIC_CURE, () => nrWrappedMethod],
  ])('stays wrapped by %s, which is reported with its cure', (name, cure, made) => {
    const found = vi.fn<(finding: string) => void>();
    const wrapped = made();
    expect(fresh.driversOwn(wrapped, found)).toBe(wrapped);
    expect(fresh.driversOwn(wrap(wrapped), found)).toBe(wrapped);
    expect(found.mock.calls.map(([finding]) => finding)).toEqual([
      expect.stringContaining(`too: ${name}. It does not say what it wrapped`),
      expect.stringContaining(FOREIGN),
    ]);
    expect(found.mock.calls[0]?.[0]).toContain(`Turn one of them off, ${name} with \`${cure}\`.`);
    expect(fresh.foreignInstrumentation()).toEqual([name, `${FOREIGN}, or one made like it`]);
  });
});

type Method = () => unknown;

const NEW_RELIC_CURE = 'NEW_RELIC_FEATURE_FLAG_KAFKAJS_INSTRUMENTATION=false';

const own: Method = async () => 'sent';

function wrap(original: Method): Method {
  return Object.assign(() => original(), { __original: original, __wrapped: true, __unwrap: () => {} });
}

function marked<T extends object>(marks: T): Method & T {
  return Object.assign(async () => 'sent', marks);
}

function boom(): never {
  throw new Error('boom');
}

function asDatadogDoes(): Method {
  const holder = globalThis as { [key: symbol]: unknown };
  holder[Symbol.for('dd-trace')] = {};
  afterTest(() => delete holder[Symbol.for('dd-trace')]);
  const producer: { send: Method } = { send: own };
  producer.send = function () {};
  return producer.send;
}

async function nrWrappedMethod(): Promise<void> {}

function ignore(): void {}

type Modules = typeof import('../../lib/kafkajs/foreign-instrumentation.js') &
  typeof import('../../lib/kafkajs/trace-kafka.js');

/** What was reported is remembered for the life of the process, which these modules have just begun. */
function useFreshModules(): Modules {
  const modules = {} as { -readonly [K in keyof Modules]: Modules[K] };
  beforeEach(async () => {
    vi.resetModules();
    Object.assign(modules, await import('../../lib/kafkajs/trace-kafka.js'));
    Object.assign(modules, await import('../../lib/kafkajs/foreign-instrumentation.js'));
  });
  return modules;
}

/** What is warned of through OpenTelemetry's `diag` logger until the test is over. */
function recordWarnings(): readonly string[] {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const logger = { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  afterTest(() => diag.disable());
  return warnings;
}
