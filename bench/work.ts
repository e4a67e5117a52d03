import { batchOf, payloadOf, recordOf } from './messages.js';
import type { Side } from './sides.js';

/** Something that is done with messages, on each side the same. */
export interface Work {
  readonly name: string;
  readonly messages: number;
  /** In the context of a request; a consumer calls its handlers in none. */
  readonly isInRequest: boolean;
  readonly call: (side: Side, index: number) => unknown;
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

export const WORK: readonly Work[] = [
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
];
