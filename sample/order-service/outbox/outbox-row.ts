import type { IHeaders } from 'kafkajs';

/** A message as it will be sent: text, so that what was committed is sent to the letter. */
export interface OutboxMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What `KafkaTracing.inject` wrote. */
export type OutboxHeaders = IHeaders;

/** One send that is still to be made. */
export interface OutboxRow {
  readonly id: number;
  readonly topic: string;
  readonly messages: readonly OutboxMessage[];
  readonly headers: OutboxHeaders;
}
