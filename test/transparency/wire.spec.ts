import * as fc from 'fast-check';
import type { Message, RecordMetadata } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { type AnyRecord, anyRecord } from '../support/any-record.js';
import { type Twin, useApplicationPair } from '../support/application-pair.js';
import { readProduce } from '../support/recording-sockets.js';
import { type Refusal, refusalOf } from '../support/refusal.js';

const TOPICS = { one: 2, two: 2 };
const PROPAGATION = /^(traceparent|tracestate|baggage)$/i;

/** What a send comes to. */
interface Sent {
  readonly refusal: Refusal | undefined;
  readonly results: unknown;
  readonly written: readonly Buffer[];
  /** What was given to be sent, as it is afterwards. */
  readonly given: readonly (readonly Message[])[];
}

async function send({ producer, topicOf, sockets }: Twin, records: readonly AnyRecord[]): Promise<Sent> {
  const topics = new Map(Object.keys(TOPICS).map((name) => [topicOf(name), name]));
  const given = records.map(({ topic, acks, messages }) => ({
    topic: topicOf(topic),
    acks,
    messages: messages.map(copyOf),
  }));
  const [only, ...others] = given;
  let results: RecordMetadata[] | undefined;
  sockets.takeProduces();
  const refusal = await refusalOf(async () => {
    results =
      only !== undefined && others.length === 0
        ? await producer.send(only)
        : await producer.sendBatch({
            acks: -1,
            topicMessages: given.map(({ topic, messages }) => ({ topic, messages })),
          });
  });
  const named = results?.map((result) => ({ ...result, topicName: topics.get(result.topicName) ?? '' }));
  return {
    refusal,
    results: named?.toSorted(byTopicAndPartition),
    written: sockets.takeProduces(),
    given: given.map(({ messages }) => messages),
  };
}

/** Of each twin's own: what one does to it is not done to the other's. */
function copyOf(message: Message): Message {
  const { headers } = message;
  return headers === undefined || headers === null ? { ...message } : { ...message, headers: { ...headers } };
}

/** The broker answers for several topics in whatever order. */
function byTopicAndPartition(one: RecordMetadata, other: RecordMetadata): number {
  return one.topicName.localeCompare(other.topicName) || one.partition - other.partition;
}

/** What is on the wire, but for the propagation headers and what the topics are called. */
async function readable({ topicOf }: Twin, { written }: Sent): Promise<unknown> {
  const topics = new Map(Object.keys(TOPICS).map((name) => [topicOf(name), name]));
  return Promise.all(
    written.map(async (bytes) => {
      const { records, ...request } = await readProduce(bytes);
      return {
        ...request,
        records: records.map(({ topic, headers, ...record }) => ({
          ...record,
          topic: topics.get(topic),
          headers: headers.filter(([name]) => !PROPAGATION.test(name)),
        })),
      };
    }),
  );
}

describe('what is sent, results, refusals and bytes, is as without the module', () => {
  const pair = useApplicationPair({ topics: TOPICS });

  it('but for the propagation headers, for any records', async () => {
    let carrying = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord('one', 'two'), { minLength: 1, maxLength: 2 }), async (records) => {
        const [without, traced] = await pair().both((twin) => send(twin, records));
        expect(traced).toEqual({ ...without, written: expect.anything() });
        expect(await readable(pair().traced, traced)).toEqual(await readable(pair().without, without));
        carrying += traced.written.filter((bytes) => bytes.includes('traceparent')).length;
        const isSentPlainly = without.written.every((bytes) => !bytes.includes('traceparent'));
        expect(isSentPlainly || records.some(isCarrying)).toBe(true);
      }),
      { numRuns: 40 },
    );
    expect(carrying).toBeGreaterThan(5);
  });
});

describe('where nothing is to be propagated, what is sent', () => {
  const pair = useApplicationPair({ topics: TOPICS, tracing: { propagate: false } });

  it('is as without the module, byte for byte, for any records', async () => {
    let bytes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord('one', 'two'), { minLength: 1, maxLength: 2 }), async (records) => {
        const [without, traced] = await pair().both((twin) => send(twin, records));
        const suffixes = [pair().without, pair().traced].map(({ topicOf }) => topicOf(''));
        const sameNames = traced.written.map((request) =>
          renamed(request, suffixes[1] as string, suffixes[0] as string),
        );
        expect(sameNames).toEqual(without.written);
        bytes += traced.written.reduce((sum, { length }) => sum + length, 0);
      }),
      { numRuns: 25 },
    );
    expect(bytes).toBeGreaterThan(1_000);
  });
});

function isCarrying({ messages }: AnyRecord): boolean {
  return messages.some(
    ({ headers }) => headers !== null && headers !== undefined && 'traceparent' in headers,
  );
}

/** The names of topics stand outside of what a checksum covers. */
function renamed(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
}
