import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api';
import type { ConsumerRunConfig, EachBatchHandler, EachBatchPayload, Kafka, Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import type { KafkaTracingModuleOptions } from '../../lib/kafka-tracing.options.js';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import {
  exceptionsOf,
  expectChildOf,
  expectFailed,
  expectLinkedTo,
  expectRoot,
  expectUnset,
} from '../support/expectations.js';
import { clientConfig, connected, freshName, freshTopic, plainKafka, readPlain } from '../support/kafka.js';
import { contextOf, remoteSpan, traceparent, traceparentOf, withBaggage } from '../support/trace-context.js';
import { consume, plainProducer, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, tracer, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

/** One that kafkajs tries again after. */
class OrderError extends Error {
  override readonly name = 'OrderError';
}

/** Sends messages together, so that they are fetched together. */
async function sendPlainly(topic: string, messages: readonly Partial<Message>[]): Promise<void> {
  const producer = await plainProducer();
  await producer.send({ topic, messages: messages.map((message) => ({ value: 'v', ...message })) });
}

/** Messages that carry the contexts of these remote spans. */
function carrying(...numbers: readonly number[]): readonly Partial<Message>[] {
  return numbers.map((number) => ({ headers: { traceparent: traceparent(number) } }));
}

function linkedIds({ links }: RecordedSpan): readonly string[] {
  return links.map((link) => link.context.spanId);
}

const idsOf = (...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => remoteSpan(number).spanId);

async function handleNothing(): Promise<void> {}

describe('a batch that `eachBatch` handles', () => {
  const spans = useTracing();

  it('has one process span, the root of a trace of its own, that links to each message', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer();
    await inSpan('caller', () =>
      producer.send({ topic, messages: [{ key: 'a', value: '0' }, { value: null }, { value: '2' }] }),
    );
    const groupId = await consume(tracedKafka({ semconv: 'latest' }), topic, { eachBatch: handleNothing });
    const span = await spans.one(`process ${topic}`);
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expectRoot(span);
    expectLinkedTo(span, ...spans.named(`create ${topic}`));
    expectUnset(span);
    const [address, port] = (clientConfig('').brokers[0] as string).split(':');
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '0',
      'messaging.batch.message_count': 3,
      'messaging.consumer.group.name': groupId,
      'messaging.client.id': 'traced',
      'server.address': address,
      'server.port': Number(port),
    });
  });

  it('has its span active in the handler, also after it has waited, and the baggage of no message', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, [{ headers: { traceparent: traceparent(1), baggage: 'tenant=blue' } }]);
    const seen: unknown[] = [];
    const look = (): void =>
      void seen.push(trace.getActiveSpan()?.spanContext().spanId, propagation.getActiveBaggage());
    await consume(tracedKafka(), topic, {
      eachBatch: async () => {
        look();
        await new Promise(setImmediate);
        look();
        tracer().startSpan('work').end();
      },
    });
    const span = await spans.one(`process ${topic}`);
    const { spanId } = span.spanContext();
    expect(seen).toEqual([spanId, undefined, spanId, undefined]);
    expectChildOf(await spans.one('work'), span);
  });

  it('knows nothing of what was active when the consumer was started', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(1));
    const baggage: unknown[] = [];
    await context.with(withBaggage(ROOT_CONTEXT, { tenant: 'red' }), () =>
      inSpan('starter', () =>
        consume(tracedKafka(), topic, {
          eachBatch: async () => void baggage.push(propagation.getActiveBaggage()),
        }),
      ),
    );
    const span = await spans.one(`process ${topic}`);
    expectRoot(span);
    expect(linkedIds(span)).toEqual(idsOf(1));
    expect(baggage).toEqual([undefined]);
  });

  it('links to a span that somebody put around the call of eachBatch', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(1));
    const kafka = plainKafka();
    const { consumer } = kafka;
    kafka.consumer = (config) => {
      const made = consumer.call(kafka, config);
      const { run } = made;
      made.run = (given) =>
        run({ ...given, eachBatch: (payload) => inSpan('ambient', async () => given?.eachBatch?.(payload)) });
      return made;
    };
    await consume(traceKafka(kafka), topic, { eachBatch: handleNothing });
    const span = await spans.one(`process ${topic}`);
    expectRoot(span);
    expect(linkedIds(span)).toEqual([(await spans.one('ambient')).spanContext().spanId, ...idsOf(1)]);
  });

  it.each<[what: string, options: KafkaTracingModuleOptions, sent: number[], linked: readonly number[]]>([
    ['two at most', { maxLinks: 2 }, [1, 2, 3], [1, 2]],
    ['none at all', { maxLinks: 0 }, [1, 2, 3], []],
    ['128 by default', {}, numbersTo(130), numbersTo(128)],
    ['each context once', {}, [1, 1, 2, 1], [1, 2]],
    ['those behind many of one context, too', { maxLinks: 2 }, [1, 1, 1, 2, 3], [1, 2]],
  ])('has links to its messages: %s', async (_what, options, sent, linked) => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(...sent));
    await consume(tracedKafka(options), topic, { eachBatch: handleNothing });
    const span = await spans.one(`process ${topic}`);
    expect(linkedIds(span)).toEqual(idsOf(...linked));
    expect(span.attributes['messaging.batch.message_count']).toBe(sent.length);
  });

  it('links also to where dead letters were created first', async () => {
    const topic = await freshTopic();
    const headers = { traceparent: traceparent(1), 'x-original-traceparent': traceparent(3) };
    await sendPlainly(topic, [{ headers }, ...carrying(2)]);
    await consume(tracedKafka(), topic, { eachBatch: handleNothing });
    expect(linkedIds(await spans.one(`process ${topic}`))).toEqual(idsOf(1, 2, 3));
  });

  it.each<[options: KafkaTracingModuleOptions, linked: readonly number[]]>([
    [{ relation: 'both' }, [1, 2]],
    [{ relation: 'parent' }, [1, 2]],
    [{ relation: 'link' }, [1, 2]],
    [{ trust: 'continue' }, [1, 2]],
    [{ trust: 'restart' }, [1, 2]],
    [{ trust: 'ignore' }, []],
    [{ propagate: false }, []],
    [{ topics: [{ match: 'orders-*', trust: 'ignore' }] }, []],
  ])('is a root with %j, too', async (options, linked) => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(1, 2));
    await consume(tracedKafka(options), topic, { eachBatch: handleNothing });
    const span = await spans.one(`process ${topic}`);
    expectRoot(span);
    expect(idsOf(1, 2)).not.toContain(span.spanContext().traceId);
    expect(linkedIds(span)).toEqual(idsOf(...linked));
  });

  it('has no links where its messages carry nothing', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, [{}, { headers: { a: 'b', traceparent: 'x' } }]);
    await consume(tracedKafka(), topic, { eachBatch: handleNothing });
    expect((await spans.one(`process ${topic}`)).links).toEqual([]);
  });

  it('is handled without a span with `trace: false`', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(1));
    const active: unknown[] = [];
    await consume(tracedKafka({ trace: false }), topic, {
      eachBatch: async () => void active.push(trace.getActiveSpan()),
    });
    await until('it was handled', () => active.length === 1);
    expect(active).toEqual([undefined]);
    expect(spans.finished).toEqual([]);
  });
});

describe('a forward from a batch', () => {
  const spans = useTracing();

  it.each(['continue', 'restart', 'ignore'] as const)(
    "has a fresh context also where the headers of any message are copied, with trust: '%s'",
    async (trust) => {
      const [topic, next] = [await freshTopic(), await freshTopic('next')];
      await sendPlainly(topic, carrying(1, 2, 3));
      const producer = await tracedProducer();
      await consume(tracedKafka({ trust }), topic, {
        eachBatch: async ({ batch }) => {
          const messages = batch.messages.map(({ value, headers }) => ({ value, headers: { ...headers } }));
          await producer.send({ topic: next, messages });
          await producer.send({ topic: next, messages: messages.slice(-1) });
        },
      });
      const process = await spans.one(`process ${topic}`);
      const sent = [...(await spans.all(`create ${next}`, 3)), (await spans.all(`send ${next}`, 2))[1]];
      sent.forEach((span) => expectChildOf(span as RecordedSpan, process));
      expect((await readPlain(next, 4)).map(({ headers }) => String(headers?.['traceparent']))).toEqual(
        sent.map((span) => traceparentOf(span as RecordedSpan)),
      );
    },
  );

  it('keeps a context that is of no message of the batch', async () => {
    const [topic, next] = [await freshTopic(), await freshTopic('next')];
    await sendPlainly(topic, carrying(1, 2));
    const producer = await tracedProducer();
    await consume(tracedKafka(), topic, {
      eachBatch: async () => {
        const [message] = carrying(3) as [Message];
        await producer.send({ topic: next, messages: [{ ...message, value: 'v' }] });
      },
    });
    const send = await spans.one(`send ${next}`);
    expect(send.kind).toBe(SpanKind.CLIENT);
    expect(linkedIds(send)).toEqual(idsOf(3));
  });
});

describe('a batch that fails', () => {
  const spans = useTracing();

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
      // oxlint-disable-next-line unicorn/no-thenable -- what a promise library of somebody's own returns.
      () => ({ then: (_: unknown, reject: (e: Error) => void) => reject(new OrderError('first')) }) as never,
    ],
  ])('is delivered again when the handler %s, in a new span that says so', async (_what, fail) => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(1, 2));
    let attempts = 0;
    await consume(tracedKafka(), topic, {
      eachBatch: () => {
        attempts += 1;
        return attempts === 1 ? fail() : Promise.resolve();
      },
    });
    const [first, second] = (await spans.all(`process ${topic}`, 2)) as [RecordedSpan, RecordedSpan];
    expectFailed(first, 'OrderError', 'first');
    expect(exceptionsOf(first)).toEqual(['first']);
    expectUnset(second);
    for (const span of [first, second]) {
      expectRoot(span);
      expect(linkedIds(span)).toEqual(idsOf(1, 2));
    }
    expect(first.attributes).not.toHaveProperty(['nestjs.kafka.delivery_attempt']);
    expect(second.attributes['nestjs.kafka.delivery_attempt']).toBe(2);
  });

  it('counts from the message that is the first of what is delivered again', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, [{ value: '0' }, { value: '1' }, { value: '2' }]);
    const handled: string[] = [];
    await consume(tracedKafka(), topic, {
      eachBatch: async ({ batch, resolveOffset }) => {
        const values = batch.messages.map(({ value }) => String(value));
        handled.push(values.join());
        if (handled.length < 4) {
          if (handled.length === 2) {
            resolveOffset(batch.firstOffset() as string);
          }
          throw new OrderError('not yet');
        }
      },
    });
    const processed = await spans.all(`process ${topic}`, 4);
    expect(handled).toEqual(['0,1,2', '0,1,2', '1,2', '1,2']);
    expect(processed.map(({ attributes }) => attributes['nestjs.kafka.delivery_attempt'])).toEqual([
      undefined,
      2,
      3,
      4,
    ]);
  });

  it('is no failure where the user calls its error expected', async () => {
    const topic = await freshTopic();
    await sendPlainly(topic, carrying(1));
    let attempts = 0;
    await consume(tracedKafka({ classifyError: () => 'expected' }), topic, {
      eachBatch: async () => {
        attempts += 1;
        if (attempts === 1) {
          throw new OrderError('part of the business');
        }
      },
    });
    const [first] = (await spans.all(`process ${topic}`, 2)) as [RecordedSpan, RecordedSpan];
    expectUnset(first);
    expect(exceptionsOf(first)).toEqual(['part of the business']);
  });
});

/** What a program does with a consumer, and what is committed afterwards. */
interface Observed {
  readonly log: readonly string[];
  readonly committed: unknown;
}

/** How `eachBatch` is used to its full, and how it is told what happened. */
const PROGRAMS: Record<string, (log: (line: string) => void, payload: EachBatchPayload) => Promise<void>> = {
  'resolves and commits two messages of five, and returns early': async (log, payload) => {
    const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, uncommittedOffsets } = payload;
    for (const message of batch.messages.slice(0, 2)) {
      resolveOffset(message.offset);
      await heartbeat();
    }
    log(JSON.stringify(uncommittedOffsets().topics[0]?.partitions));
    await commitOffsetsIfNecessary(uncommittedOffsets());
    log(JSON.stringify(uncommittedOffsets().topics));
  },
  'asks whether it is stale, and running': async (log, { batch, resolveOffset, isStale, isRunning }) => {
    log(`stale: ${isStale()}, running: ${isRunning()}`);
    batch.messages.forEach(({ offset }) => resolveOffset(offset));
  },
  'pauses, and resumes': async (log, { batch, resolveOffset, pause }) => {
    resolveOffset(batch.messages[0]?.offset as string);
    log('paused');
    setImmediate(pause());
  },
  'resolves one message, and fails': async (log, { batch, resolveOffset }) => {
    resolveOffset(batch.messages[0]?.offset as string);
    log('failed');
    throw new OrderError('failed');
  },
};

describe('what kafkajs gives to `eachBatch`', () => {
  const spans = useTracing();

  it.each(Object.keys(PROGRAMS))('works as without tracing for one that %s', async (name) => {
    const observe = async (kafka: Kafka): Promise<Observed> => {
      const topic = await freshTopic();
      await sendPlainly(topic, [{}, {}, {}, {}, {}]);
      const log: string[] = [];
      const program = PROGRAMS[name] as (typeof PROGRAMS)[string];
      const groupId = await consume(kafka, topic, {
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => {
          const { batch } = payload;
          log.push(`from ${batch.firstOffset()} to ${batch.lastOffset()} of ${batch.highWatermark}`);
          await program((line) => void log.push(line), payload);
        },
      });
      const admin = await connected(plainKafka().admin());
      let committed: Awaited<ReturnType<typeof admin.fetchOffsets>> = [];
      await until('all is committed', async () => {
        committed = await admin.fetchOffsets({ groupId, topics: [topic] });
        return committed[0]?.partitions[0]?.offset === '5';
      });
      return { log, committed: committed[0]?.partitions };
    };
    const traced = await observe(tracedKafka());
    expect(traced).toEqual(await observe(plainKafka()));
    expect(traced.log[0]).toBe('from 0 to 4 of 5');
    expect(spans.finished.length).toBe(traced.log.filter((line) => line.startsWith('from')).length);
  });

  it('says that a batch is stale after a seek', async () => {
    const traced = await seekInBatch(tracedKafka());
    expect(traced).toEqual(await seekInBatch(plainKafka()));
    expect(traced).toEqual(['from 0, stale: true, running: true', 'from 2, stale: false, running: true']);
    await until('all spans have ended', () => spans.finished.length === 2);
  });

  it('is what reaches the handler, which is called with its own `this`', async () => {
    const payload = payloadOf([{ offset: '0' }]);
    const calls: unknown[] = [];
    const config: ConsumerRunConfig = {
      async eachBatch(this: unknown, given: EachBatchPayload) {
        calls.push(this, given);
      },
    };
    const run = await ranWith(config);
    await run.eachBatch?.(payload);
    expect(calls[0]).toBe(run);
    expect(calls[1]).toBe(payload);
    await spans.one('process t');
  });

  it('is handled without a span where there are no messages', async () => {
    const run = await ranWith({ eachBatch: handleNothing });
    await run.eachBatch?.(payloadOf([]));
    expect(spans.finished).toEqual([]);
  });
});

function startQuery(done: () => void): void {
  tracer().startSpan('query').end();
  done();
}

describe('a lazy thenable', () => {
  const spans = useTracing();

  // oxlint-disable-next-line unicorn/no-thenable -- what the query of an ORM is.
  const query = { then: startQuery };

  /** A promise, too, but one that does nothing until it is asked. */
  class LazyPromise extends Promise<void> {
    // oxlint-disable-next-line unicorn/no-thenable -- as that of the package p-lazy is.
    override then = startQuery as never;
  }

  it.each([
    ['eachBatch', 'a query', query],
    ['eachMessage', 'a query', query],
    ['eachBatch', 'a lazy promise', new LazyPromise(() => {})],
    ['eachMessage', 'a lazy promise', new LazyPromise(() => {})],
  ])(
    'that is returned by %s, %s, starts within the span, like an async function',
    async (handler, _what, lazy) => {
      const topic = await freshTopic();
      await sendPlainly(topic, carrying(1));
      await consume(tracedKafka(), topic, { [handler]: (() => lazy) as never });
      expectChildOf(await spans.one('query'), await spans.one(`process ${topic}`));
    },
  );
});

describe('a batch without any SDK', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it("is given to the handler as it is, and its own promise is kafkajs's", async () => {
    const promise = new Promise<void>(() => {});
    const given: EachBatchPayload[] = [];
    const eachBatch: EachBatchHandler = (payload) => {
      given.push(payload);
      return promise;
    };
    const run = await ranWith({ eachBatch });
    const payload = payloadOf([{ offset: '0' }]);
    expect(run.eachBatch?.(payload)).toBe(promise);
    expect(given).toEqual([payload]);
    expect(given[0]).toBe(payload);
  });
});

describe('a batch without an SDK, but with a propagator and a context manager', () => {
  useTracing({ tracerProvider: false });

  it('carries nothing of one message over to what is sent for all', async () => {
    const [topic, next] = [await freshTopic(), await freshTopic('next')];
    await sendPlainly(topic, carrying(1));
    const producer = await tracedProducer();
    await context.with(contextOf(9), () =>
      consume(tracedKafka(), topic, {
        eachBatch: () => producer.send({ topic: next, messages: [{ value: 'v' }] }) as never,
      }),
    );
    expect((await readPlain(next, 1))[0]?.headers).toEqual({});
  });
});

/** Seeks forward while a batch is handled; what the handler is told then, and in the next batch. */
async function seekInBatch(kafka: Kafka): Promise<readonly string[]> {
  const topic = await freshTopic();
  await sendPlainly(topic, [{}, {}, {}]);
  const log: string[] = [];
  const consumer = await connected(kafka.consumer({ groupId: freshName('group'), maxWaitTimeInMs: 50 }));
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, isStale, isRunning }) => {
      if (log.length === 0) {
        consumer.seek({ topic, partition: 0, offset: '2' });
      } else {
        resolveOffset(batch.lastOffset());
      }
      log.push(`from ${batch.firstOffset()}, stale: ${isStale()}, running: ${isRunning()}`);
    },
  });
  await until('it was handled after the seek', () => log.length === 2);
  return log;
}

function numbersTo(most: number): number[] {
  return Array.from({ length: most }, (_, index) => index + 1);
}

/** What the driver is run with. */
async function ranWith(config: ConsumerRunConfig): Promise<ConsumerRunConfig> {
  const kafka = plainKafka();
  const driver = kafka.consumer({ groupId: freshName('group') });
  let reached: ConsumerRunConfig = {};
  driver.run = async (given = {}) => {
    reached = given;
  };
  kafka.consumer = () => driver;
  await traceKafka(kafka).consumer({ groupId: 'group' }).run(config);
  return reached;
}

function payloadOf(messages: readonly object[]): EachBatchPayload {
  return { batch: { topic: 't', partition: 0, messages } } as unknown as EachBatchPayload;
}
