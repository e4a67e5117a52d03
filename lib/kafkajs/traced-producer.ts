import type { Message, Producer, ProducerRecord, RecordMetadata } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt } from '../tracing/fail-open.js';
import type { KafkaTracer } from '../tracing/kafka-tracer.js';
import type { Sending } from '../tracing/sending.js';
import type { DriverTracing } from './driver-tracing.js';

/**
 * Traces a producer, in place: each single message that it sends has a send span, and carries its context.
 *
 * @internal
 */
export function traceProducer(producer: Producer, tracing: DriverTracing): Producer {
  const { send } = producer;
  const endpoint: KafkaEndpoint = tracing.endpoint();

  producer.send = function tracedSend(this: unknown, record: ProducerRecord): Promise<RecordMetadata[]> {
    const traced = attempt('trace a send', () => startSend(tracing.tracer(), endpoint, record));
    return traced === undefined
      ? send.call(this, record)
      : settle(traced.sending, () => send.call(this, traced.record));
  };
  return producer;
}

interface TracedSend {
  readonly sending: Sending;
  readonly record: ProducerRecord;
}

function startSend(
  tracer: KafkaTracer | undefined,
  endpoint: KafkaEndpoint,
  record: ProducerRecord,
): TracedSend | undefined {
  const message = tracer === undefined ? undefined : onlyMessageOf(record);
  if (tracer === undefined || message === undefined) {
    return undefined;
  }
  const sending = tracer.startSend(endpoint, record.topic, message);
  return { sending, record: withHeaders(record, message, sending.headers) };
}

/** Calls the driver at once. Where nothing is recorded, what it returns is returned. */
function settle(sending: Sending, send: () => Promise<RecordMetadata[]>): Promise<RecordMetadata[]> {
  if (!sending.isRecording) {
    return send();
  }
  let sent: Promise<RecordMetadata[]>;
  try {
    sent = send();
  } catch (error) {
    sending.failed(error);
    throw error;
  }
  return sent.then(
    (metadata) => {
      const [first] = metadata ?? []; // With `acks: 0` the broker does not answer.
      sending.succeeded(first?.partition, first?.baseOffset ?? first?.offset);
      return metadata;
    },
    (error: unknown) => {
      sending.failed(error);
      throw error;
    },
  );
}

/** The message of a record that has exactly one. What is no record at all is for kafkajs to refuse in its own words. */
function onlyMessageOf(record: ProducerRecord | null | undefined): Message | undefined {
  if (typeof record?.topic !== 'string' || !Array.isArray(record.messages) || record.messages.length !== 1) {
    return undefined;
  }
  const [message] = record.messages;
  return typeof message === 'object' && message !== null ? message : undefined;
}

/** A copy with these headers; a custom partitioner may rely on the message's prototype. */
function withHeaders(record: ProducerRecord, message: Message, headers: unknown): ProducerRecord {
  if (headers === message.headers) {
    return record;
  }
  const prototype = Object.getPrototypeOf(message) as object | null;
  const copy = Object.assign(Object.create(prototype) as object, message, { headers }) as Message;
  return { ...record, messages: [copy] };
}
