import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** Messages with headers of the user's: text, bytes, and a repeated one. */
export function messagesOf(...values: readonly string[]): Message[] {
  return values.map((value) => ({
    key: 'k',
    value,
    headers: { text: 'a', bytes: Buffer.from([0xff, 0]), list: ['a', 'b'] },
  }));
}

/** The same as they are received, without the headers of the tracing. */
export function receivedOf(...values: readonly string[]): readonly Received[] {
  return values.map((value) => ({
    key: Buffer.from('k'),
    value: Buffer.from(value),
    headers: {
      text: Buffer.from('a'),
      bytes: Buffer.from([0xff, 0]),
      list: [Buffer.from('a'), Buffer.from('b')],
    },
  }));
}

/** What a message has of its sender. */
export type Received = Pick<KafkaMessage, 'key' | 'value' | 'headers'>;

/** The name of the `correlationId` header. */
export const CORRELATION_ID = 'id';

export function received({ key, value, headers }: KafkaMessage): Received {
  return { key, value, headers: ownHeaders(headers) as IHeaders };
}

/** What is not the sender's: the propagation headers, and those that only a dead letter of ours has. */
const ADDED = /^(traceparent|tracestate|baggage|x-original-.*|x-error-.*|x-delivery-attempt)$/i;

/** The headers that somebody has written himself. */
export function ownHeaders(headers: object | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name]) => !ADDED.test(name) && name !== CORRELATION_ID),
  );
}
