import type { ProducerBatch, ProducerRecord, RecordMetadata, TopicMessages } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt } from '../tracing/fail-open.js';
import type { KafkaTracer } from '../tracing/kafka-tracer.js';
import type { Placement, Sending } from '../tracing/sending/sending.js';
import type { Transaction } from '../tracing/sending/transaction.js';
import type { DriverTracing } from './driver-tracing.js';
import { driversOwn } from './foreign-instrumentation.js';
import {
  batchWithHeaders,
  messagesOfBatch,
  messagesOfRecord,
  recordWithHeaders,
} from './outgoing-messages.js';
import { settle } from './settle.js';

type Sent = Promise<RecordMetadata[]>;

/** A producer, or a transaction of it. */
interface Sender {
  send(record: ProducerRecord): Sent;
  sendBatch(batch: ProducerBatch): Sent;
}

/**
 * Traces what a producer or a transaction sends, in place: its messages carry the context of their spans.
 *
 * @internal
 */
export function traceSends(
  sender: Sender,
  tracing: DriverTracing,
  endpoint: KafkaEndpoint,
  transaction?: Transaction,
): void {
  const { send, sendBatch } = sender;

  const traced = <T>(
    given: (outgoing: T) => Sent,
    messagesOf: (outgoing: unknown) => readonly TopicMessages[] | undefined,
    withHeaders: (outgoing: T, headers: Sending['headers']) => T,
  ) =>
    function tracedSend(this: unknown, outgoing: T): Sent {
      const sending = attempt('trace a send', () => {
        const messages = messagesOf(outgoing);
        return messages && startSend(tracing.tracer(), endpoint, messages, transaction);
      });
      if (sending === undefined) {
        return given.call(this, outgoing);
      }
      const carrying = attempt('write the headers', () => withHeaders(outgoing, sending.headers)) ?? outgoing;
      const own = driversOwn(given, tracing.foreign);
      return settle<RecordMetadata[]>(outcomeOf(sending), () => own.call(this, carrying));
    };

  sender.send = traced(send, messagesOfRecord, recordWithHeaders);
  sender.sendBatch = traced(sendBatch, messagesOfBatch, batchWithHeaders);
}

function startSend(
  tracer: KafkaTracer | undefined,
  endpoint: KafkaEndpoint,
  outgoing: readonly TopicMessages[],
  transaction: Transaction | undefined,
): Sending | undefined {
  const [first] = outgoing;
  const [message] = first?.messages ?? [];
  return first !== undefined && message !== undefined && outgoing.length === 1 && first.messages.length === 1
    ? tracer?.startSend(endpoint, first.topic, message, transaction)
    : tracer?.startSendOfMany(endpoint, outgoing, transaction);
}

function outcomeOf(sending: Sending) {
  return {
    isWatched: sending.isWatched,
    succeeded: (metadata: unknown) => sending.succeeded(placementsIn(metadata)),
    failed: (error: unknown) => sending.failed(error),
  };
}

/** With `acks: 0` the broker does not answer, and a producer that somebody else has wrapped may return anything. */
function placementsIn(metadata: unknown): readonly Placement[] {
  return Array.isArray(metadata)
    ? (metadata as RecordMetadata[]).map(({ partition, baseOffset, offset }) => ({
        partition,
        offset: baseOffset ?? offset,
      }))
    : [];
}
