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
  const traced = attempt('write the headers', () => withHeaders(record, message, sending.headers));
  return { sending, record: traced ?? record };
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
  // A producer that somebody else has wrapped may return anything.
  return Promise.resolve(sent).then(
    (metadata) => {
      const first = metadata?.[0]; // With `acks: 0` the broker does not answer.
      sending.succeeded(first?.partition, first?.baseOffset ?? first?.offset);
      return metadata;
    },
    (error: unknown) => {
      sending.failed(error);
      throw error;
    },
  );
}

/**
 * The message of a record that has exactly one. What is no record at all is for kafkajs to refuse in its own words, and so
 * is a message without a value: those words quote the message, headers and all.
 */
function onlyMessageOf(record: ProducerRecord | null | undefined): Message | undefined {
  if (typeof record?.topic !== 'string' || !Array.isArray(record.messages) || record.messages.length !== 1) {
    return undefined;
  }
  const [message] = record.messages;
  return typeof message === 'object' && message !== null && message.value !== undefined ? message : undefined;
}

/** A copy with these headers. */
function withHeaders(record: ProducerRecord, message: Message, headers: unknown): ProducerRecord {
  if (headers === message.headers) {
    return record;
  }
  const prototype = Object.getPrototypeOf(message) as object | null;
  const copy =
    prototype === Object.prototype ? { ...message, headers } : ofClass(prototype, message, headers);
  const { topic, acks, timeout, compression } = record; // A record may be of a class, with getters.
  return { ...record, topic, acks, timeout, compression, messages: [copy] } as ProducerRecord;
}

const COMPUTED = ['key', 'value', 'partition', 'timestamp'] as const;

/** A custom partitioner may rely on a message's prototype; the private fields of its getters are in no copy. */
function ofClass(prototype: object | null, message: Message, headers: unknown): unknown {
  const computed = COMPUTED.filter((name) => name in message).map((name) => [name, message[name]] as const);
  const fields = { ...message, ...Object.fromEntries(computed), headers };
  return Object.create(prototype, Object.getOwnPropertyDescriptors(fields));
}
