import type { ProducerBatch, ProducerRecord, RecordMetadata, TopicMessages } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { report } from '../tracing/fail-open.js';
import { isAnythingRegistered } from '../tracing/registered-sdk.js';
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
import { type Outcome, settle } from './settle.js';

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
      const sending = startSend(tracing, endpoint, outgoing, messagesOf, transaction);
      if (sending === undefined) {
        return given.call(this, outgoing);
      }
      let own = given;
      let carrying = outgoing;
      try {
        own = driversOwn(given, tracing.foreign);
        carrying = withHeaders(outgoing, sending.headers);
      } catch (error) {
        report('write the headers', error);
      }
      return settle<RecordMetadata[]>(new SendOutcome(sending), () => own.call(this, carrying));
    };

  sender.send = traced(send, messagesOfRecord, recordWithHeaders);
  sender.sendBatch = traced(sendBatch, messagesOfBatch, batchWithHeaders);
}

function startSend(
  tracing: DriverTracing,
  endpoint: KafkaEndpoint,
  outgoing: unknown,
  messagesOf: (outgoing: unknown) => readonly TopicMessages[] | undefined,
  transaction: Transaction | undefined,
): Sending | undefined {
  try {
    const tracer = tracing.tracer();
    const topics = tracer === undefined || !isAnythingRegistered() ? undefined : messagesOf(outgoing);
    if (tracer === undefined || topics === undefined) {
      return undefined;
    }
    const first = topics[0];
    const message = first?.messages[0];
    return first !== undefined && message !== undefined && topics.length === 1 && first.messages.length === 1
      ? tracer.startSend(endpoint, first.topic, message, transaction)
      : tracer.startSendOfMany(endpoint, topics, transaction);
  } catch (error) {
    report('trace a send', error);
    return undefined;
  }
}

class SendOutcome implements Outcome<unknown> {
  readonly #sending: Sending;

  constructor(sending: Sending) {
    this.#sending = sending;
  }

  get isWatched(): boolean {
    return this.#sending.isWatched;
  }

  succeeded(metadata: unknown): void {
    this.#sending.succeeded(placementsIn(metadata));
  }

  failed(error: unknown): void {
    this.#sending.failed(error);
  }
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
