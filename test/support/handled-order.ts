import type { KafkaContext } from '@nestjs/microservices';
import { ownHeaders } from './user-messages.js';

/** What a handler is given of its message, but for what propagation writes. */
export interface HandledOrder {
  readonly partition: number;
  readonly offset: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

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
