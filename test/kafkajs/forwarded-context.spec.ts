import { trace } from '@opentelemetry/api';
import type { ConsumerRunConfig, EachMessagePayload, IHeaders, Message } from 'kafkajs';
import { KafkaTracing, KafkaTracingModule } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { type Fate, type Wire, amongOthers, fatesOf, readInEach, spanOf } from '../support/fates.js';
import { connected } from '../support/kafka.js';
import { startContext } from '../support/nest-app.js';
import { type Cast, outcomeOf } from '../support/outcome.js';
import {
  type Combination,
  SAID_BY_NAME,
  type Topics,
  freshTopics,
  handledAfter,
  inEach,
  sentAs,
} from '../support/policy-combinations.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { consume, plainProducer, tracedKafka } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';

/**
 * Messages that have the headers of one which is handled, or was. Each test is over all relations × trusts × existing
 * contexts at once, with two topics for each combination: `orders`, to which strangers send, and `next`.
 */

const spans = useTracing();

/** Sends to the `next` topic for which the same holds as for this one. */
type SendOn = (topic: string, message: Partial<Message>) => Promise<unknown>;

/** What happens to the messages in each topic. */
interface Work {
  /** What strangers send, all at once: the headers that matter, by key. */
  readonly given: Readonly<Record<string, IHeaders>>;
  readonly orders: (sendOn: SendOn) => ConsumerRunConfig;
  readonly next?: (sendOn: SendOn) => ConsumerRunConfig;
  /** Runs when all orders were handled. */
  readonly afterwards?: (sendOn: SendOn) => Promise<unknown>;
  /** How many messages come to each `next` topic. */
  readonly sentOn: number;
}

async function work({ given, orders: onOrders, next: onNext, afterwards, sentOn }: Work) {
  const [orders, next] = await freshTopics('orders', 'next');
  const messages = Object.entries(given).map(([key, headers]) => ({
    key,
    value: 'v',
    headers: amongOthers(headers),
  }));
  const stranger = await plainProducer();
  await Promise.all(orders.all.map((topic) => stranger.send({ topic, messages })));
  const kafka = tracedKafka(SAID_BY_NAME);
  const producer = await connected(kafka.producer());
  const sendOn: SendOn = (topic, message) =>
    producer.send({ topic: next.like(topic), messages: [{ value: 'v', ...message }] });
  await consume(kafka, next.all, onNext?.(sendOn) ?? { eachMessage: async () => {} });
  const config = onOrders(sendOn);
  await consume(kafka, orders.all, config);
  const ofBatch = config.eachBatch === undefined ? 0 : 1;
  await Promise.all(orders.all.map((topic) => spans.all(`process ${topic}`, messages.length + ofBatch)));
  await afterwards?.(sendOn);
  await Promise.all(next.all.map((topic) => spans.all(`process ${topic}`, sentOn)));
  return { orders, next, wire: await readInEach(next, sentOn) };
}

type CastOf = (each: Combination) => Cast;

const STRANGERS: Cast = { stranger: remoteSpan(1), other: remoteSpan(2), 'third party': remoteSpan(3) };

/** The process spans of that message in those topics, by the name of `process`. */
function processOf(key: string, topics: Topics): CastOf {
  return (each) => ({ process: spanOf(key, `process ${topics.of(each)}`, spans)?.spanContext() });
}

/** The process spans of that message in those topics, in words. */
function handled(key: string, topics: Topics, castOf: CastOf = () => ({})) {
  return inEach((each) => {
    const process = spanOf(key, `process ${topics.of(each)}`, spans);
    return process && outcomeOf(process, { ...STRANGERS, ...castOf(each) });
  });
}

/** What became of a message in the `next` topics. */
function fates(key: string, wire: Wire, castOf: CastOf): Readonly<Record<string, Fate>> {
  return fatesOf(key, wire, spans, (each) => ({ ...STRANGERS, ...castOf(each) }));
}

/** With the context of its send, which is a child of the process span. */
function refreshed(each: Combination, active: Fate['carried'] = {}): Fate {
  return {
    sent: sentAs('PRODUCER', 'process'),
    carried: { traceparent: 'send', ...active },
    handled: handledAfter('send', each),
  };
}

/** With the stranger's context, where that is preserved; else with that of its send. Either is below what is active. */
function asBefore(each: Combination, carried: Fate['carried'], stranger: string, active?: string): Fate {
  return each.existingContext === 'preserve'
    ? {
        sent: sentAs('CLIENT', active ?? stranger, stranger),
        carried,
        handled: handledAfter(stranger, each),
      }
    : { ...refreshed(each), sent: sentAs('PRODUCER', active) };
}

const STORED = { traceparent: traceparent(1), tracestate: 'a=1', baggage: 'tenant=blue' };

/** What is active of {@link STORED} while it is handled, beside the process span. */
function activeOf({ relation, trust }: Combination): Fate['carried'] {
  return {
    ...(trust === 'continue' && relation !== 'link' ? { tracestate: 'a=1' } : {}),
    ...(trust === 'continue' ? { baggage: 'tenant=blue' } : {}),
  };
}

/** What strangers send, whom it names, and what is active of it beside the process span while it is handled. */
const GIVEN: Readonly<
  Record<string, { headers: IHeaders; named?: string; active?: (each: Combination) => Fate['carried'] }>
> = {
  'a context': { headers: STORED, named: 'stranger', active: activeOf },
  'a repeated traceparent': {
    headers: { traceparent: [traceparent(2), traceparent(1)] },
    named: 'stranger',
  },
  'two letter cases': {
    headers: { TraceParent: traceparent(2), traceparent: traceparent(1) },
    named: 'stranger',
  },
  'an invalid traceparent': { headers: { TRACEPARENT: ['garbage', ''], tracestate: 'a=1' } },
  'no context': { headers: {} },
};

describe('a message that is handled', () => {
  it('has a fresh context, and only that, when it is forwarded with its headers', async () => {
    const { orders, wire } = await work({
      given: Object.fromEntries(Object.entries(GIVEN).map(([key, { headers }]) => [key, headers])),
      orders: (sendOn) => ({
        eachMessage: async ({ topic, message: { key, headers } }) => {
          await sendOn(topic, { key, headers: { ...headers } });
        },
      }),
      sentOn: Object.keys(GIVEN).length,
    });

    for (const [key, { named, active }] of Object.entries(GIVEN)) {
      expect(handled(key, orders), `who handled ${key}`).toEqual(inEach((each) => handledAfter(named, each)));
      expect(fates(key, wire, processOf(key, orders)), `fates of ${key}`).toEqual(
        inEach((each) => refreshed(each, active?.(each))),
      );
    }
  });

  it('goes from retry to retry with a fresh context each time its headers are copied', async () => {
    const following: Readonly<Record<string, string>> = { order: 'retry', retry: 'last retry' };
    const handle = (sendOn: SendOn): ConsumerRunConfig => ({
      eachMessage: async ({ topic, message: { key, headers } }) => {
        const retry = following[String(key)];
        if (retry !== undefined) {
          await sendOn(topic, { key: retry, headers: { ...headers } });
        }
      },
    });
    const { orders, next, wire } = await work({
      given: { order: STORED },
      orders: handle,
      next: handle,
      sentOn: 2,
    });

    const expected = inEach((each) => refreshed(each, activeOf(each)));
    expect(fates('retry', wire, processOf('order', orders))).toEqual(expected);
    expect(fates('last retry', wire, processOf('retry', next))).toEqual(expected);
  });

  it('has headers that two sends may share, each with a context of its own, and that stay as they are', async () => {
    const delivered: { readonly headers: IHeaders; readonly before: IHeaders }[] = [];
    const { orders, wire } = await work({
      given: { order: STORED },
      orders: (sendOn) => ({
        eachMessage: async ({ topic, message: { headers = {} } }) => {
          delivered.push({ headers, before: { ...headers } });
          await sendOn(topic, { key: 'one', headers });
          await sendOn(topic, { key: 'two', headers });
        },
      }),
      sentOn: 2,
    });

    for (const key of ['one', 'two']) {
      expect(fates(key, wire, processOf('order', orders)), `fates of \`${key}\``).toEqual(
        inEach((each) => refreshed(each, activeOf(each))),
      );
    }
    delivered.forEach(({ headers, before }) => expect(headers).toStrictEqual(before));
  });
});

describe('a message that was handled, and waited in memory', () => {
  it('keeps its context when it is sent on where that is no more known, unless that is to be overwritten', async () => {
    const waiting = new Map<string, EachMessagePayload['message']>();
    const sendAll = (sendOn: SendOn, key: string): Promise<unknown> =>
      Promise.all([...waiting].map(([topic, message]) => sendOn(topic, { ...message, key })));
    const { orders, wire } = await work({
      given: { order: STORED, 'another order': { traceparent: traceparent(2) } },
      orders: (sendOn) => ({
        eachMessage: async ({ topic, message }) => {
          const before = waiting.get(topic);
          waiting.set(topic, before ?? message);
          if (before !== undefined) {
            await sendOn(topic, { ...before, key: 'while another is handled' });
          }
        },
      }),
      afterwards: async (sendOn) => {
        await sendAll(sendOn, 'where no span is active');
        await inSpan('caller', () => sendAll(sendOn, 'in a span'));
      },
      sentOn: 3,
    });

    const caller = (await spans.one('caller')).spanContext();
    const carried = { ...STORED, traceparent: 'stranger' };
    for (const [key, active] of [
      ['while another is handled', 'process'],
      ['where no span is active', undefined],
      ['in a span', 'caller'],
    ] as const) {
      const castOf: CastOf = (each) => ({ ...processOf('another order', orders)(each), caller });
      expect(fates(key, wire, castOf), `fates ${key}`).toEqual(
        inEach((each) => asBefore(each, carried, 'stranger', active)),
      );
    }
  });

  it('has a fresh context when it is sent on by what its handler has left behind', async () => {
    const left: Promise<unknown>[] = [];
    const isOpen: (boolean | undefined)[] = [];
    const { orders, wire } = await work({
      given: { order: STORED },
      orders: (sendOn) => ({
        eachMessage: async ({ topic, message }) => {
          const sending = new Promise(setImmediate).then(() => {
            isOpen.push(trace.getActiveSpan()?.isRecording());
            return sendOn(topic, message);
          });
          left.push(sending);
        },
      }),
      afterwards: () => Promise.all(left),
      sentOn: 1,
    });

    expect(isOpen).toEqual(orders.all.map(() => false));
    expect(fates('order', wire, processOf('order', orders))).toEqual(
      inEach((each) => refreshed(each, activeOf(each))),
    );
  });
});

describe('a message of a batch that is handled by itself', () => {
  it('has a fresh context when it is forwarded, as has any of its batch, and a stranger keeps his', async () => {
    const tracing = (await startContext({ imports: [KafkaTracingModule.forRoot()] })).get(KafkaTracing);
    const { orders, wire } = await work({
      given: { first: STORED, second: { traceparent: traceparent(2) } },
      orders: (sendOn) => ({
        eachBatch: async ({ batch: { topic, messages } }) => {
          const [first, second] = messages as [EachMessagePayload['message'], EachMessagePayload['message']];
          await tracing.runInContextOf(first, () =>
            sendOn(topic, { key: 'own', headers: { ...first.headers } }),
          );
          await tracing.runInContextOf(second, async () => {
            await sendOn(topic, { key: "the first's", headers: { ...first.headers } });
            await sendOn(topic, {
              key: "a stranger's",
              headers: amongOthers({ traceparent: traceparent(3) }),
            });
          });
        },
      }),
      sentOn: 3,
    });

    const batchIn = (each: Combination): Cast => {
      const all = spans.named(`process ${orders.of(each)}`);
      return {
        batch: all.find(({ attributes }) => 'messaging.batch.message_count' in attributes)?.spanContext(),
      };
    };
    for (const [key, named] of [
      ['first', 'stranger'],
      ['second', 'other'],
    ] as const) {
      expect(handled(key, orders, batchIn), `who handled the ${key}`).toEqual(
        inEach((each) => {
          const single = handledAfter(named, each);
          return { ...single, links: [...single.links, 'batch'] };
        }),
      );
    }
    expect(fates('own', wire, processOf('first', orders))).toEqual(
      inEach((each) => refreshed(each, activeOf(each))),
    );
    expect(fates("the first's", wire, processOf('second', orders))).toEqual(
      inEach((each) => refreshed(each)),
    );
    expect(fates("a stranger's", wire, processOf('second', orders))).toEqual(
      inEach((each) => asBefore(each, { traceparent: 'third party' }, 'third party', 'process')),
    );
  });
});
