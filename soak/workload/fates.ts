/** What becomes of an event. */
export type EventFate =
  | 'succeeds'
  /** Its handler takes a while. */
  | 'is slow'
  /** Its handler throws at the first delivery. */
  | 'fails once'
  | 'fails twice'
  /** … with an exception that asks for another try. */
  | 'is retried'
  /** Its handler hangs at the first delivery, and is given up. */
  | 'hangs'
  /** It fails at every delivery: the third one gives it up. */
  | 'is a dead letter';

/** What becomes of a request. */
export type RequestFate =
  | 'is answered'
  /** The reply is an error. */
  | 'is refused'
  /** Its handler asks for another try. */
  | 'is retried'
  /** Its caller gives it up at once. */
  | 'is unsubscribed'
  /** Its caller waits for less time than its handler takes. */
  | 'times out';

/** How a block of a hundred messages is sent: numbers below these, in this order. */
export const BLOCK = 100;
const IN_ONE_BATCH = 80;
const ONE_BY_ONE = 90;
const BY_PLAIN_KAFKAJS = 95;

export interface Block {
  readonly batch: readonly number[];
  readonly events: readonly number[];
  readonly plain: readonly number[];
  readonly requests: readonly number[];
}

/** The messages from `first` on, as they are sent together. */
export function blockFrom(first: number): Block {
  const numbers = Array.from({ length: BLOCK }, (_, index) => first + index);
  return {
    batch: numbers.slice(0, IN_ONE_BATCH),
    events: numbers.slice(IN_ONE_BATCH, ONE_BY_ONE),
    plain: numbers.slice(ONE_BY_ONE, BY_PLAIN_KAFKAJS),
    requests: numbers.slice(BY_PLAIN_KAFKAJS),
  };
}

/** Of so many messages in a row there is one of every fate. kafkajs stops a whole consumer for each failure, so they are few. */
export const PERIOD = 2_000;
const EVENTS: Readonly<Record<number, EventFate>> = {
  17: 'fails once',
  84: 'fails once',
  533: 'fails twice',
  641: 'is retried',
  771: 'hangs',
  888: 'hangs',
  1_041: 'is a dead letter',
  1_186: 'is a dead letter',
  1_253: 'is slow',
  1_489: 'is slow',
};
const REQUESTS: Readonly<Record<number, RequestFate>> = {
  95: 'is refused',
  496: 'is refused',
  697: 'is retried',
  898: 'is unsubscribed',
  1_199: 'is unsubscribed',
  1_395: 'times out',
  1_797: 'times out',
};
/** In the batches of the first topic, and of the second. */
const IN_BATCHES: readonly number[] = [390, 1_692];

export function fateOfEvent(number: number): EventFate {
  return EVENTS[number % PERIOD] ?? 'succeeds';
}

export function fateOfRequest(number: number): RequestFate {
  return REQUESTS[number % PERIOD] ?? 'is answered';
}

/** Whether the handler of a batch fails at this message, the first time. */
export function failsInBatch(number: number): boolean {
  return IN_BATCHES.includes(number % PERIOD);
}
