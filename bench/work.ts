import { TOPIC, batchOf, payloadOf, recordOf } from './messages.js';
import type { Sdk } from './sdk.js';
import type { Side } from './sides.js';

/** Something that is done with messages, on each side the same. */
export interface Work {
  readonly name: string;
  readonly messages: number;
  /** In the context of a request; a consumer calls its handlers in none. */
  readonly isInRequest: boolean;
  readonly call: (side: Side, index: number) => unknown;
  /** With which SDK it is measured; by default with each. */
  readonly sdk?: Sdk;
}

// A record for each call: the auto-instrumentation writes into the caller's own headers, and would be found there by others.
function sendOf(name: string, messages: number): Work {
  return { name, messages, isInRequest: true, call: ({ producer }) => producer.send(recordOf(messages)) };
}

function batchHandled(name: string, messages: number): Work {
  return {
    name,
    messages,
    isInRequest: false,
    call: ({ eachBatch }, index) => eachBatch(batchOf(index * messages, messages)),
  };
}

/** Single messages with so many headers more: what tracing costs is not to grow with what it does not look at. */
function withHeaders(count: number): readonly Work[] {
  const valued = <T>(value: T): Record<string, T> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`header-${index}`, value]));
  const [sent, received] = [valued('a value'), valued(Buffer.from('a value'))];
  return single(`+${count} headers`, {
    send: ({ producer }) => producer.send(recordOf(1, TOPIC, sent)),
    handle: ({ eachMessage }, index) => eachMessage(payloadOf(index, TOPIC, received)),
  });
}

/** Single messages of one topic after the other. The floor knows one topic, and says of all that they are of that. */
function inTopics(count: number): readonly Work[] {
  const topics = Array.from({ length: count }, (_, index) => (index === 0 ? TOPIC : `${TOPIC}-${index}`));
  const topicOf = (index: number): string => topics[index % count]!;
  return single(`in ${count} topics`, {
    send: ({ producer }, index) => producer.send(recordOf(1, topicOf(index))),
    handle: ({ eachMessage }, index) => eachMessage(payloadOf(index, topicOf(index))),
  });
}

function single(what: string, { send, handle }: Record<'send' | 'handle', Work['call']>): readonly Work[] {
  return [
    { name: `send ${what}`, messages: 1, isInRequest: true, call: send, sdk: 'sampled' },
    { name: `handle ${what}`, messages: 1, isInRequest: false, call: handle, sdk: 'sampled' },
  ];
}

/** What is measured with an SDK. */
export function worksOf(sdk: Sdk): readonly Work[] {
  return WORK.filter((work) => work.sdk === undefined || work.sdk === sdk);
}

const WORK: readonly Work[] = [
  sendOf('send', 1),
  {
    name: 'handle',
    messages: 1,
    isInRequest: false,
    call: ({ eachMessage }, index) => eachMessage(payloadOf(index)),
  },
  sendOf('send 100', 100),
  batchHandled('handle 100', 100),
  sendOf('send 1000', 1_000),
  batchHandled('handle 1000', 1_000),
  ...[10, 100].flatMap(withHeaders),
  ...[10, 100, 1_000, 2_000].flatMap(inTopics),
];
