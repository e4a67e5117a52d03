import type { KafkaContext } from '@nestjs/microservices';
import { CORRELATION_ID } from './user-messages.js';

/** What a handler is given of its message, but for what propagation writes. */
export interface HandledOrder {
  readonly partition: number;
  readonly offset: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What is not the sender's: the propagation headers, and those that only a dead letter of ours has. */
const ADDED = /^(traceparent|tracestate|baggage|x-original-.*|x-error-.*|x-delivery-attempt)$/;

export function handledOrder(kafka: KafkaContext): HandledOrder {
  const { key, value, headers, offset } = kafka.getMessage();
  return {
    partition: kafka.getPartition(),
    offset,
    key,
    value,
    headers: ownHeaders(headers),
  };
}

/** The headers that somebody has written himself. */
export function ownHeaders(headers: object | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name]) => !ADDED.test(name) && name !== CORRELATION_ID),
  );
}
