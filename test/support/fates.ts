import type { SpanContext } from '@opentelemetry/api';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { expect } from 'vitest';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import type { SpanRecorder } from '../../lib/testing/span-recorder.js';
import { plainKafka } from './kafka.js';
import { type Cast, type SpanOutcome, outcomeOf } from './outcome.js';
import { type Combination, type Topics, inEach } from './policy-combinations.js';
import { traceparentOf } from './trace-context.js';
import { consume } from './traced-kafka.js';
import { until } from './until.js';

/** Headers that no propagator knows, with others among them: binary, repeated, empty, alike but for the letter case. */
export function amongOthers(headers: IHeaders): IHeaders {
  return {
    tenant: 'blue',
    binary: Buffer.from([0xff, 0, 0x80]),
    ...headers,
    list: ['a', Buffer.from([0xfe]), 'a'],
    Tenant: Buffer.from('red'),
    empty: '',
  };
}

const OTHERS_ON_THE_WIRE = [
  ['tenant', Buffer.from('blue')],
  ['binary', Buffer.from([0xff, 0, 0x80])],
  ['list', [Buffer.from('a'), Buffer.from([0xfe]), Buffer.from('a')]],
  ['Tenant', Buffer.from('red')],
  ['empty', Buffer.alloc(0)],
];

/** What plain kafkajs reads in the topics. */
export interface Wire {
  readonly topics: Topics;
  readonly messages: readonly { readonly topic: string; readonly message: KafkaMessage }[];
}

/** Reads what was on the wire, until there are so many messages in each topic. */
export async function readInEach(topics: Topics, perTopic: number): Promise<Wire> {
  const messages: Wire['messages'][number][] = [];
  await consume(plainKafka(), topics.all, async ({ topic, message }) => {
    messages.push({ topic, message });
  });
  const count = topics.all.length * perTopic;
  await until(`${count} messages were read from the wire`, () => messages.length >= count);
  return { topics, messages };
}

/** What became of a message, in words. */
export interface Fate {
  /** `undefined` where nothing of ours has sent it. */
  readonly sent: SpanOutcome | undefined;
  /** All that the propagator reads, in the letter case of the wire, and in it a word for whom a traceparent names. */
  readonly carried: Readonly<Record<string, unknown>>;
  readonly handled: SpanOutcome;
}

/**
 * What became of the message with this key in each topic, once the spans of all have ended. That its other headers, those
 * of {@link amongOthers}, are byte for byte as they were is expected here.
 *
 * @param castOf who is there beside the message's own `send`
 */
export function fatesOf(
  key: string,
  { topics, messages }: Wire,
  spans: SpanRecorder,
  castOf: (combination: Combination) => Cast,
): Readonly<Record<string, Fate>> {
  return inEach((combination) => {
    const topic = topics.of(combination);
    const found = messages.filter((one) => one.topic === topic && String(one.message.key) === key);
    expect(found, `messages \`${key}\` in ${topic}`).toHaveLength(1);
    const headers = Object.entries(found[0]?.message.headers ?? {});
    const others = headers.filter(([name]) => !isPropagated(name));
    expect(others, `other headers of \`${key}\` in ${topic}`).toEqual(OTHERS_ON_THE_WIRE);
    const send = spanOf(key, `send ${topic}`, spans);
    const cast = { send: send?.spanContext(), ...castOf(combination) };
    return {
      sent: send && outcomeOf(send, cast),
      carried: Object.fromEntries(
        headers.filter(([name]) => isPropagated(name)).map(([name, value]) => [name, inWords(value, cast)]),
      ),
      handled: outcomeOf(spanOf(key, `process ${topic}`, spans) as RecordedSpan, cast),
    };
  });
}

/** The span of that name whose message has this key. */
export function spanOf(key: string, name: string, spans: SpanRecorder): RecordedSpan | undefined {
  const found = spans.named(name).filter(({ attributes }) => attributes['kafka.message.key'] === key);
  expect(found.length, `spans \`${name}\` of \`${key}\``).toBeLessThanOrEqual(1);
  return found[0];
}

function isPropagated(header: string): boolean {
  return ['traceparent', 'tracestate', 'baggage'].includes(header.toLowerCase());
}

/** A header that stands more than once is a list. */
function inWords(value: IHeaders[string], cast: Cast): unknown {
  const isNamed = (one: SpanContext | undefined): boolean =>
    one !== undefined && traceparentOf({ spanContext: () => one }) === String(value);
  return Array.isArray(value)
    ? value.map(String)
    : (Object.keys(cast).find((word) => isNamed(cast[word])) ?? String(value));
}
