import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trace } from '@opentelemetry/api';
import { AlwaysOffSampler, BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import {
  type Consumer,
  type ConsumerRunConfig,
  type Kafka,
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  type Message,
  type Producer,
  type Transaction,
} from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { type TraceKafkaOptions, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { TracedClientKafka } from '../../lib/nest/client/traced-client-kafka.js';
import { installSeam, wrapOverriddenCreateClient } from '../../lib/nest/seam.js';
import { committedOffsetsOf } from '../support/committed-offsets.js';
import { doubled } from '../support/doubled-driver.js';
import { clientConfig, connected, freshName, freshTopic, plainKafka } from '../support/kafka.js';
import { tracedKafka } from '../support/traced-kafka.js';
import { type TracingSetup, afterTest, useTracing } from '../support/tracing.js';
import { doubledTransaction } from '../support/transactions.js';
import { until } from '../support/until.js';

interface Mode extends TracingSetup {
  readonly options?: TraceKafkaOptions;
  /** How many spans each call has that are kept. */
  readonly spans: number;
}

const MODES: readonly (readonly [what: string, mode: Mode])[] = [
  ['with spans that are sampled', { spans: 1 }],
  ['with spans that are not sampled', { spans: 0, sampler: new AlwaysOffSampler() }],
  ['without an SDK', { spans: 0, tracerProvider: false, contextManager: false, propagator: false }],
  ['with tracing off', { spans: 0, options: { enabled: false } }],
];

/** What anything may fail with: errors of somebody's own and of kafkajs, and what is no error at all. */
const FAILURES: readonly unknown[] = [
  Object.freeze(new RangeError('of somebody')),
  new KafkaJSNonRetriableError('not again'),
  new KafkaJSConnectionError('closed', { broker: 'any:9092' }),
  new KafkaJSNumberOfRetriesExceeded('too often', { retryCount: 5, retryTime: 1 }),
  { reason: 'no error' },
  'no error',
  undefined,
  null,
];

type Work = (this: unknown, ...args: readonly unknown[]) => unknown;

const WAYS: readonly (readonly [how: Ended, fail: (failure: unknown) => Work])[] = [
  ['rejects', (failure) => async () => thrown(failure)],
  ['throws', (failure) => () => thrown(failure)],
];

function thrown(failure: unknown): never {
  throw failure;
}

type Ended = 'resolves' | 'rejects' | 'throws';

/** How a call ends, and with what: by identity. */
async function endOf(call: () => unknown): Promise<readonly [how: Ended, what: unknown]> {
  let pending: unknown;
  try {
    pending = call();
  } catch (failure) {
    return ['throws', failure];
  }
  return Promise.resolve(pending).then(
    (result) => ['resolves', result],
    (failure: unknown) => ['rejects', failure],
  );
}

/** It ends in the same way with each of the failures, and with nothing but that. */
async function expectFailuresKept(how: Ended, callOf: (failure: unknown) => Promise<() => unknown>) {
  for (const failure of FAILURES) {
    const [ended, what] = await endOf(await callOf(failure));
    expect(ended).toBe(how);
    expect(what).toBe(failure);
  }
}

const HANDLERS = ['eachMessage', 'eachBatch'] as const;
type HandlerName = (typeof HANDLERS)[number];

const PAYLOADS: Readonly<Record<HandlerName, () => object>> = {
  eachMessage: () => ({
    topic: 't',
    partition: 0,
    message: { offset: '0', key: null, value: Buffer.from('v'), headers: {} },
    heartbeat: async () => {},
    pause: () => () => {},
  }),
  eachBatch: () => ({
    batch: { topic: 't', partition: 0, messages: [{ offset: '0', value: null, headers: {} }] },
  }),
};

/** A traced consumer whose driver is called by the test. */
function doubledConsumer(answer: Work = async () => {}, options: TraceKafkaOptions = {}) {
  const kafka = plainKafka();
  const driver = kafka.consumer({ groupId: 'g' });
  const run = vi.fn<Consumer['run']>(answer as Consumer['run']);
  driver.run = run;
  kafka.consumer = () => driver;
  return { consumer: traceKafka(kafka, options).consumer({ groupId: 'g' }), run };
}

/** What the driver is given for a handler. */
async function givenFor(name: HandlerName, handler: Work, options?: TraceKafkaOptions): Promise<Work> {
  const { consumer, run } = doubledConsumer(undefined, options);
  await consumer.run({ [name]: handler });
  return run.mock.calls[0]?.[0]?.[name] as Work;
}

describe.each(MODES)('a handler, %s,', (_what, mode) => {
  const spans = useTracing(mode);

  it.each(HANDLERS)('gets the very payload and the `this` of kafkajs, and nothing else: %s', async (name) => {
    const calls: unknown[][] = [];
    const given = await givenFor(
      name,
      async function handle(this: unknown, ...args) {
        calls.push([this, ...args]);
      },
      mode.options,
    );
    const [runner, payload] = [{}, PAYLOADS[name]()];
    const before = { ...payload };
    await given.call(runner, payload);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toHaveLength(2);
    expect(calls[0]?.[0]).toBe(runner);
    expect(calls[0]?.[1]).toBe(payload);
    expect(payload).toStrictEqual(before);
    expect(spans.finished).toHaveLength(mode.spans);
  });

  it.each(HANDLERS)('is called in the tick in which kafkajs calls: %s', async (name) => {
    const handle = vi.fn(async () => {});
    const given = await givenFor(name, handle, mode.options);
    const pending = given(PAYLOADS[name]());
    expect(handle).toHaveBeenCalledOnce();
    await pending;
    expect(handle).toHaveBeenCalledOnce();
    expect(spans.finished).toHaveLength(mode.spans);
  });

  it.each(HANDLERS.flatMap((name) => WAYS.map(([how, fail]) => [name, how, fail] as const)))(
    'fails with the very same: %s that %s',
    async (name, how, fail) => {
      await expectFailuresKept(how, async (failure) => {
        const given = await givenFor(name, fail(failure), mode.options);
        return () => given(PAYLOADS[name]());
      });
      expect(spans.finished).toHaveLength(mode.spans * FAILURES.length);
    },
  );
});

const RECORD = { topic: 't', messages: [{ value: 'v' }] };

/** A call of each method that is traced, whose driver does some work. */
const CALLS: Readonly<Record<string, (work: Work, options?: TraceKafkaOptions) => () => unknown>> = {
  'producer.send': (work, options) => {
    const { producer } = doubled(work as Producer['send'], options);
    return () => producer.send(RECORD);
  },
  'producer.send of many': (work, options) => {
    const { producer } = doubled(work as Producer['send'], options);
    return () => producer.send({ topic: 't', messages: [{ value: 'v' }, { value: 'w' }] });
  },
  'producer.sendBatch': (work, options) => {
    const { producer, sendBatch } = doubled(async () => [], options);
    sendBatch.mockImplementation(work as Producer['sendBatch']);
    return () => producer.sendBatch({ topicMessages: [RECORD] });
  },
  'producer.transaction': (work, options) => {
    const { producer } = producerWith({ transaction: work as Producer['transaction'] }, options);
    afterTest(() => producer.disconnect());
    return () => producer.transaction();
  },
  'producer.disconnect': (work, options) => {
    const { producer } = producerWith({ disconnect: work as Producer['disconnect'] }, options);
    return () => producer.disconnect();
  },
  'consumer.run': (work, options) => {
    const { consumer } = doubledConsumer(work, options);
    return () => consumer.run({ eachMessage: async () => {} });
  },
};

/** The same of a transaction that has begun. */
const CALLS_IN_TRANSACTION: Readonly<Record<string, (transaction: Transaction) => unknown>> = {
  send: (transaction) => transaction.send(RECORD),
  sendBatch: (transaction) => transaction.sendBatch({ topicMessages: [RECORD] }),
  sendOffsets: (transaction) => transaction.sendOffsets({ consumerGroupId: 'g', topics: [] }),
  commit: (transaction) => transaction.commit(),
  abort: (transaction) => transaction.abort(),
};

/** A traced producer whose driver has some methods of the test's. */
function producerWith(methods: Partial<Producer>, options: TraceKafkaOptions = {}) {
  const kafka = plainKafka();
  const driver = Object.assign(kafka.producer(), methods);
  kafka.producer = () => driver;
  return { producer: traceKafka(kafka, options).producer() };
}

async function callOf(name: string, work: Work, options?: TraceKafkaOptions): Promise<() => unknown> {
  const call = CALLS[name];
  if (call !== undefined) {
    return call(work, options);
  }
  const { producer } = doubledTransaction({ [name]: work }, options);
  afterTest(() => producer.disconnect());
  const transaction = await producer.transaction();
  return () => CALLS_IN_TRANSACTION[name]?.(transaction);
}

const METHODS = [...Object.keys(CALLS), ...Object.keys(CALLS_IN_TRANSACTION)];

describe.each(MODES)('a method of the driver, %s,', (_what, mode) => {
  useTracing(mode);

  it.each(METHODS)('is called in the tick of its caller, who gets its very result: %s', async (name) => {
    const result = {};
    const work = vi.fn(async () => result);
    const call = await callOf(name, work, mode.options);
    const pending = call();
    expect(work).toHaveBeenCalledOnce();
    expect(await pending).toBe(result);
    expect(work).toHaveBeenCalledOnce();
  });

  it.each(METHODS.flatMap((name) => WAYS.map(([how, fail]) => [name, how, fail] as const)))(
    'fails with the very same: %s that %s',
    async (name, how, fail) => {
      await expectFailuresKept(how, (failure) => callOf(name, fail(failure), mode.options));
    },
  );
});

/** What `consumer.run` is told besides the handlers, also what kafkajs may be told in times to come. */
const RUN_OPTIONS: readonly (readonly [what: string, options: object])[] = [
  ['nothing', {}],
  ['no autoCommit', { autoCommit: false }],
  ['autoCommit as undefined', { autoCommit: undefined }],
  ['when to commit', { autoCommitInterval: 5_000, autoCommitThreshold: 7 }],
  ['how to run', { eachBatchAutoResolve: false, partitionsConsumedConcurrently: 3 }],
  ['what nobody knows', { [Symbol.for('somebody')]: 1, later: { of: 'kafkajs' } }],
];

describe('what consumer.run is told', () => {
  useTracing();

  it.each(
    RUN_OPTIONS.flatMap(([what, options]) =>
      [['eachMessage'], ['eachBatch'], HANDLERS].map(
        (names) => [what, names.join(' and '), options, names] as const,
      ),
    ),
  )(
    'reaches kafkajs as it is, but for the handlers: %s, with %s',
    async (_what, _handlers, options, names) => {
      const { consumer, run } = doubledConsumer();
      const handlers = Object.fromEntries(names.map((name) => [name, async () => {}]));
      const config: ConsumerRunConfig = Object.freeze({ ...options, ...handlers });
      await consumer.run(config);
      const given = run.mock.calls[0]?.[0];
      const replaced = Object.fromEntries(names.map((name) => [name, expect.any(Function)]));
      expect(given).toStrictEqual({ ...options, ...replaced });
      expect(Reflect.ownKeys(given as object)).toEqual(Reflect.ownKeys(config));
      expect(run.mock.contexts[0]).toBe(consumer);
    },
  );
});

const HANDLER = { eachMessage: async () => {} };

/** A configuration that computes what it says. */
class ComputedRun implements ConsumerRunConfig {
  readonly #concurrently = 3;
  readonly autoCommitThreshold = 7;

  get autoCommit(): boolean {
    return false;
  }

  get partitionsConsumedConcurrently(): number {
    return this.#concurrently;
  }

  async eachMessage(): Promise<void> {}
}

/** As kafkajs reads it. */
function read({ autoCommit, autoCommitThreshold, partitionsConsumedConcurrently }: ConsumerRunConfig = {}) {
  return { autoCommit, autoCommitThreshold, partitionsConsumedConcurrently };
}

describe('what consumer.run reads of a configuration', () => {
  useTracing();

  it.each<[what: string, config: ConsumerRunConfig]>([
    ['of a class', new ComputedRun()],
    ['that inherits', Object.assign(Object.create({ autoCommit: false }), HANDLER)],
    ['without a prototype', Object.assign(Object.create(null), HANDLER, { autoCommit: false })],
  ])('is what it would read without tracing: %s', async (_what, config) => {
    const { consumer, run } = doubledConsumer();
    await consumer.run(config);
    expect(read(run.mock.calls[0]?.[0])).toEqual(read(config));
    expect(config.autoCommit).toBe(false);
  });
});

describe('what a producer and a consumer are made with', () => {
  useTracing();

  it.each<[name: 'producer' | 'consumer', what: string, config: object | undefined]>([
    ['producer', 'nothing', undefined],
    ['producer', 'an empty object', {}],
    ['producer', 'an object', { transactionalId: 'tx', maxInFlightRequests: 5, idempotent: true }],
    ['producer', 'a frozen object', Object.freeze({ allowAutoTopicCreation: false })],
    ['consumer', 'nothing', undefined],
    ['consumer', 'an object', { groupId: 'g', maxInFlightRequests: 5, retry: { retries: 0 } }],
    ['consumer', 'a frozen object', Object.freeze({ groupId: 'g' })],
  ])('reaches kafkajs as it is, with its `this`: kafka.%s with %s', (name, _what, config) => {
    const kafka = plainKafka();
    const client = name === 'producer' ? kafka.producer() : kafka.consumer({ groupId: 'g' });
    const make = vi.fn((_config?: unknown) => client);
    Object.assign(kafka, { [name]: make });
    const traced = traceKafka(kafka)[name] as typeof make;
    const other = {};
    for (const holder of [kafka, other]) {
      expect(config === undefined ? traced.call(holder) : traced.call(holder, config)).toBe(client);
    }
    expect(make.mock.calls.map(([given]) => given)).toEqual([config, config]);
    make.mock.calls.forEach(([given]) => expect(given).toBe(config));
    expect(make.mock.contexts[0]).toBe(kafka);
    expect(make.mock.contexts[1]).toBe(other);
  });

  it.each(['producer', 'consumer'] as const)('may be refused, with the very same: kafka.%s', async (name) => {
    await expectFailuresKept('throws', async (failure) => {
      const kafka = Object.assign(plainKafka(), { [name]: () => thrown(failure) });
      return () => traceKafka(kafka)[name]({ groupId: 'g' });
    });
  });
});

type Host = ClientKafka | ServerKafka;

/** Somebody's `createClient`, and Nest's own. */
const CREATING: Readonly<Record<string, (host: Host, options: object, failure: unknown) => void>> = {
  'of its own that rejects': (host, _options, failure) =>
    overrideCreateClient(host, async () => thrown(failure)),
  'of its own that throws': (host, _options, failure) => overrideCreateClient(host, () => thrown(failure)),
  'of Nest': (_host, options, failure) =>
    void Object.defineProperty(options, 'client', { get: () => thrown(failure) }), // It is read when a Kafka is made.
};

function overrideCreateClient(host: Host, createClient: () => unknown): void {
  Object.assign(host, { createClient });
  wrapOverriddenCreateClient(host);
}

describe('a Kafka that Nest cannot make', () => {
  useTracing();

  it.each(
    Object.entries(CREATING).flatMap(([what, failing]) =>
      [ClientKafka, ServerKafka].map((of) => [of.name, what, of, failing] as const),
    ),
  )('fails with the very same: a %s with a createClient %s', async (_name, _what, of, failing) => {
    installSeam();
    for (const failure of FAILURES) {
      const options = { client: clientConfig('failing') };
      const host = new of(options);
      failing(host, options, failure);
      expect(host.createClient.name, 'it is wrapped').toBe('createTracedClient');
      const failures: unknown[] = [];
      if (host instanceof ServerKafka) {
        await host.listen((error) => void failures.push(error));
      } else {
        await host.connect().catch((error: unknown) => failures.push(error));
      }
      expect(failures).toHaveLength(1);
      expect(failures[0]).toBe(failure);
    }
  });
});

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function expectCollected(what: string, references: readonly WeakRef<object>[]): Promise<void> {
  expect(references.length).toBeGreaterThan(0);
  await until(`${what} is collected`, () => {
    collectGarbage();
    return references.every((reference) => reference.deref() === undefined);
  });
}

describe('a transaction that has ended', () => {
  useTracing({ tracerProvider: false }); // Its spans are kept; these are not.

  it.each<[how: string, end: (transaction: Transaction, producer: Producer) => Promise<void>]>([
    ['was committed', (transaction) => transaction.commit()],
    ['was aborted', (transaction) => transaction.abort()],
    ['was left when its producer was disconnected', (_transaction, producer) => producer.disconnect()],
  ])('is not kept by its producer: one that %s', async (_how, end) => {
    const references: WeakRef<object>[] = [];
    const processor: SpanProcessor = {
      onStart: (span) => void references.push(new WeakRef(span)),
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
    const { producer } = producerWith({
      transaction: async () => newTransaction(),
      disconnect: async () => {},
    });
    await endOne(producer, end);
    expect(references).toHaveLength(1);
    await expectCollected('its span', references);
    await producer.disconnect(); // It is there until now.
  });
});

/** One that nobody else holds. */
function newTransaction(): Transaction {
  const [nothing, send] = [async () => {}, async () => []];
  return {
    send,
    sendBatch: send,
    sendOffsets: nothing,
    commit: nothing,
    abort: nothing,
    isActive: () => true,
  };
}

async function endOne(
  producer: Producer,
  end: (transaction: Transaction, producer: Producer) => Promise<void>,
): Promise<void> {
  await end(await producer.transaction(), producer);
}

describe('what nobody holds any more', () => {
  const spans = useTracing();

  it('is collected: a producer that has sent, a consumer that has run, and their methods', async () => {
    await expectCollected('each of them', await useOnce());
    expect(spans.finished).toHaveLength(3);
  });

  it.each<[what: string, options: ConstructorParameters<typeof TracedClientKafka>[1]]>([
    ['with options of its own', { relation: 'link' }],
    ['without', undefined],
  ])('is collected: a client that is traced %s', async (_what, options) => {
    await expectCollected('the client', await makeClient(options));
  });
});

/** Uses the producer and the consumer of a traced kafkajs, and then holds neither them nor their methods. */
async function useOnce(): Promise<readonly WeakRef<object>[]> {
  const kafka = plainKafka();
  const producer = Object.assign(kafka.producer(), {
    send: async () => [],
    sendBatch: async () => [],
    transaction: async () => newTransaction(),
    disconnect: async () => {},
  });
  const consumer = Object.assign(kafka.consumer({ groupId: 'g' }), { run: async () => {} });
  const { send, sendBatch, transaction, disconnect } = producer;
  const held = [producer, send, sendBatch, transaction, disconnect, consumer, consumer.run];
  kafka.producer = () => producer;
  kafka.consumer = () => consumer;
  traceKafka(kafka);
  const traced = kafka.producer();
  await traced.send(RECORD);
  await traced.sendBatch({ topicMessages: [RECORD] });
  await (await traced.transaction()).commit();
  await traced.disconnect();
  await kafka.consumer({ groupId: 'g' }).run({ eachMessage: async () => {} });
  return held.map((one) => new WeakRef(one));
}

async function makeClient(
  options: ConstructorParameters<typeof TracedClientKafka>[1],
): Promise<readonly WeakRef<object>[]> {
  const client = new TracedClientKafka({ client: clientConfig('abandoned') }, options);
  await client.createClient();
  return [new WeakRef(client)];
}

/** What somebody sees who commits and pauses by hand. */
interface SeenByHand {
  readonly handled: readonly string[];
  readonly paused: readonly unknown[];
  readonly committed: unknown;
}

const TOPIC_PARTITIONS = [0, 1] as const;
const EACH = 4;

type Pause = (consumer: Consumer, topic: string, pause: () => () => void) => () => void;

/**
 * Pauses one partition in its second message until all of the other one are handled, and commits by hand after that message
 * and after the third one of the other.
 */
async function handleByHand(kafka: Kafka, pauseOf: Pause): Promise<SeenByHand> {
  const topic = await freshTopic('orders', { partitions: TOPIC_PARTITIONS.length });
  const groupId = freshName('group');
  const producer = await connected(plainKafka().producer());
  const sendTo = (partition: number) => producer.send({ topic, messages: messagesTo(partition) });
  const consumer = await connected(
    kafka.consumer({ groupId, maxWaitTimeInMs: 50, retry: { initialRetryTime: 50, retries: 5 } }),
  );
  const [handled, paused]: [string[], unknown[]] = [[], []];
  let resume: (() => void) | undefined;
  const commit = (partition: number, offset: string) =>
    consumer.commitOffsets([{ topic, partition, offset }]);
  const steps: Readonly<Record<string, () => unknown>> = {
    '0-1': () => commit(0, '2'),
    '1-2': () => commit(1, '3'),
    '1-3': () => resume?.(),
  };
  await sendTo(0);
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message, pause }) => {
      const value = String(message.value);
      handled.push(value);
      if (value === '0-1') {
        resume = pauseOf(consumer, topic, pause);
      }
      await steps[value]?.();
      paused.push(consumer.paused().map(({ partitions }) => partitions));
    },
  });
  await until('the first partition is paused', () => paused.length >= 2);
  await sendTo(1);
  await until('all is handled', () => paused.length >= TOPIC_PARTITIONS.length * EACH);
  await consumer.disconnect();
  return { handled, paused, committed: await committedOffsetsOf(groupId, { orders: topic }) };
}

function messagesTo(partition: number): Message[] {
  return Array.from({ length: EACH }, (_, n) => ({ partition, value: `${partition}-${n}` }));
}

describe('a consumer that commits by hand, and pauses in eachMessage', () => {
  const spans = useTracing();

  it.each<[how: string, pause: Pause]>([
    ["with the payload's pause", (_consumer, _topic, pause) => pause()],
    [
      'with its own pause',
      (consumer, topic) => {
        consumer.pause([{ topic, partitions: [0] }]);
        return () => consumer.resume([{ topic, partitions: [0] }]);
      },
    ],
  ])('handles and commits the same as without tracing: %s', async (_how, pause) => {
    const [traced, plain] = await Promise.all(
      [tracedKafka(), plainKafka()].map((kafka) => handleByHand(kafka, pause)),
    );
    expect(traced).toEqual(plain);
    expect(plain).toEqual({
      handled: ['0-0', '0-1', '1-0', '1-1', '1-2', '1-3', '0-2', '0-3'],
      paused: [[], [[0]], [[0]], [[0]], [[0]], [], [], []],
      committed: { orders: ['2', '3'] },
    });
    expect(spans.finished).toHaveLength(TOPIC_PARTITIONS.length * EACH);
  });
});
