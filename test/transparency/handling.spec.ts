import type { KafkaContext } from '@nestjs/microservices';
import { trace } from '@opentelemetry/api';
import * as fc from 'fast-check';
import type { Consumer, Kafka, Message, Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { type Twin, useApplicationPair } from '../support/application-pair.js';
import { type HandleEvent, handlerOf } from '../support/events.js';
import { until } from '../support/until.js';

const PARTITIONS = 3;
const EACH = 4;

/** What happens in a handler, in its order. */
type Happened = readonly ['start' | 'end', partition: number, value: string];

describe.each([1, 2, 3])(
  'with partitionsConsumedConcurrently %d messages are handled as without the module:',
  (most) => {
    const happened = new Map<string, Happened[]>();
    const pair = useApplicationPair({
      topics: { orders: PARTITIONS },
      server: { run: { partitionsConsumedConcurrently: most } },
      metadata: (topicOf) => {
        const log: Happened[] = [];
        happened.set(topicOf('orders'), log);
        return {
          controllers: [handlerOf(topicOf('orders'), (data, kafka) => handleSlowly(log, most, data, kafka))],
        };
      },
    });

    const logOf = ({ topicOf }: Twin) => happened.get(topicOf('orders')) ?? [];

    it('as many at once, each partition in order, and one awaited before the next', async () => {
      await pair().both((twin) => sendForOneFetch(twin));
      await until('all was handled', () =>
        [pair().without, pair().traced].every((twin) => logOf(twin).length >= 24),
      );
      const [without, traced] = await pair().both(async (twin) => ({
        mostAtOnce: mostAtOnce(logOf(twin)),
        inPartitions: byPartition(logOf(twin)),
        committed: await committedOnceAll(twin, PARTITIONS * EACH),
      }));

      expect(traced).toEqual(without);
      expect(without).toEqual({
        mostAtOnce: most,
        inPartitions: [0, 1, 2].map((partition) =>
          [0, 1, 2, 3].flatMap((n) => ['start', 'end'].map((what) => `${what} ${partition}-${n}`)),
        ),
        committed: { orders: ['4', '4', '4'] },
      });
    });
  },
);

describe('messages of which any may fail are handled as without the module:', () => {
  const handled = new Map<string, string[]>();
  const inSpan = new Map<string, boolean[]>();
  const pair = useApplicationPair({
    topics: { orders: 2 },
    metadata: (topicOf) => {
      const topic = topicOf('orders');
      const log: string[] = [];
      const spans: boolean[] = [];
      handled.set(topic, log);
      inSpan.set(topic, spans);
      const handle: HandleEvent = (_data, kafka) => {
        spans.push(trace.getActiveSpan() !== undefined);
        handleOrFail(log, kafka);
      };
      return { controllers: [handlerOf(topic, handle)] };
    },
  });

  const spansOf = ({ topicOf }: Twin) => inSpan.get(topicOf('orders')) ?? [];

  it('each as often, in the same order, with the same committed in the end', async () => {
    let [failures, sent] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(anyOrder(), { minLength: 1, maxLength: 5 }), async (orders) => {
        const messages = orders.map((order, n) => messageOf(order, n));
        const expected = orders.reduce((sum, { fails }) => sum + 1 + fails, 0);
        const [without, traced] = await pair().both(async ({ producer, topicOf }) => {
          const log = handled.get(topicOf('orders')) ?? [];
          log.splice(0);
          await producer.send({ topic: topicOf('orders'), messages });
          await until(
            'all was handled',
            () => log.filter((one) => !one.endsWith('failed')).length >= orders.length,
          );
          return [0, 1].map((partition) => log.filter((one) => one.startsWith(`${partition} `)));
        });
        expect(traced).toEqual(without);
        expect(without?.flat().length).toBe(expected);
        [failures, sent] = [failures + expected - orders.length, sent + orders.length];
      }),
      { numRuns: 15 },
    );
    const [without, traced] = await pair().both((twin) => committedOnceAll(twin, sent));
    expect(traced).toEqual(without);
    expect(failures).toBeGreaterThan(3);
    expect(new Set(spansOf(pair().without)), 'what is compared with is not traced').toEqual(new Set([false]));
    expect(new Set(spansOf(pair().traced))).toEqual(new Set([true]));
  });
});

/** kafkajs fetches no more before what it has fetched is handled: where that is of fewer partitions, no more run at once. */
async function sendForOneFetch({ app, producer, topicOf }: Twin): Promise<void> {
  const topic = topicOf('orders');
  const [, consumer] = app.unwrap<[Kafka, Consumer, Producer]>();
  consumer.pause([{ topic }]);
  await new Promise<void>((resolve) => {
    const stop = consumer.on(consumer.events.FETCH, () => resolve(stop())); // It may have begun before.
  });
  await producer.send({ topic, messages: messagesForAll() });
  consumer.resume([{ topic }]);
}

/** Starts, waits for as many others as may run, works on for a while, and ends. */
async function handleSlowly(
  log: Happened[],
  most: number,
  data: unknown,
  kafka: KafkaContext,
): Promise<void> {
  const [partition, value] = [kafka.getPartition(), String(data)];
  log.push(['start', partition, value]);
  await until(`${most} run at once`, () => mostAtOnce(log) >= most);
  await new Promise((resolve) => setTimeout(resolve, 2));
  log.push(['end', partition, value]);
}

function mostAtOnce(log: readonly Happened[]): number {
  let [most, running] = [0, 0];
  for (const [what] of log) {
    running += what === 'start' ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}

function byPartition(log: readonly Happened[]): readonly (readonly string[])[] {
  return [0, 1, 2].map((number) =>
    log.filter(([, partition]) => partition === number).map(([what, , value]) => `${what} ${value}`),
  );
}

function messagesForAll(): Message[] {
  return [0, 1, 2].flatMap((partition) =>
    [0, 1, 2, 3].map((n) => ({ partition, value: `${partition}-${n}` })),
  );
}

/** kafkajs commits a batch when it is done with it, after the handlers. */
async function committedOnceAll({ committed }: Twin, messages: number) {
  let offsets = await committed();
  await until('all is committed', async () => {
    offsets = await committed();
    return (
      (offsets['orders'] ?? []).reduce((sum, offset) => sum + Math.max(0, Number(offset)), 0) >= messages
    );
  });
  return offsets;
}

interface Order {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** How often it fails before it is handled. */
  readonly fails: number;
}

function anyOrder(): fc.Arbitrary<Order> {
  const text = fc.string({ maxLength: 6 });
  return fc.record({
    partition: fc.constantFrom(0, 1),
    key: fc.option(fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes))),
    value: fc.option(fc.oneof(text, fc.constantFrom('{"n":1}', '[1]', '{'))),
    headers: fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
    ),
    fails: fc.constantFrom(0, 0, 0, 1),
  });
}

function messageOf({ fails, headers, ...message }: Order, n: number): Message {
  return { ...message, headers: { ...headers, fails: String(fails), n: String(n) } };
}

/** Fails at the first delivery of what is to fail once. */
function handleOrFail(log: string[], kafka: KafkaContext): void {
  const { key, value, headers = {} } = kafka.getMessage();
  const { traceparent: _traceparent, ...own } = headers;
  const message = `${kafka.getPartition()} ${JSON.stringify([key, value, own])}`;
  if (own['fails'] === '1' && !log.includes(`${message} failed`)) {
    log.push(`${message} failed`);
    throw new Error('once');
  }
  log.push(message);
}
