import type { IHeaders, Message, ProducerBatch, ProducerRecord, TopicMessages } from 'kafkajs';
import { isPlain } from './plain-object.js';

/** Whether this is what a topic's messages have to look like. What is not is for kafkajs to refuse in its own words. */
function isTopicMessages(candidate: unknown): candidate is TopicMessages {
  const { topic, messages } = (candidate ?? {}) as Partial<TopicMessages>;
  return typeof topic === 'string' && Array.isArray(messages) && messages.every(isMessage);
}

function isMessage(candidate: unknown): candidate is Message {
  return typeof candidate === 'object' && candidate !== null;
}

function hasMessages({ messages }: TopicMessages): boolean {
  return messages.length > 0;
}

/**
 * The messages of a record; `undefined` where there is nothing to trace: it has none, or is no record.
 *
 * @internal
 */
export function messagesOfRecord(record: unknown): readonly TopicMessages[] | undefined {
  return isTopicMessages(record) && hasMessages(record) ? [record] : undefined;
}

/**
 * The messages of a batch, without the topics that have none; `undefined` where there is nothing to trace: it has none at
 * all, or is no batch.
 *
 * @internal
 */
export function messagesOfBatch(batch: unknown): readonly TopicMessages[] | undefined {
  const { topicMessages } = (batch ?? {}) as Partial<ProducerBatch>;
  const withMessages =
    Array.isArray(topicMessages) && topicMessages.every(isTopicMessages)
      ? topicMessages.filter(hasMessages)
      : [];
  return withMessages.length > 0 ? withMessages : undefined;
}

/**
 * A record with these headers; the same one where none is written.
 *
 * @internal
 */
export function recordWithHeaders(
  record: ProducerRecord,
  headers: readonly (readonly unknown[])[],
): ProducerRecord {
  const messages = messagesWithHeaders(record.messages, headers[0] ?? []);
  if (messages === record.messages) {
    return record;
  }
  if (isPlain(record)) {
    return { ...record, messages };
  }
  const { topic, acks, timeout, compression } = record; // A record may be of a class, with getters.
  return { ...record, topic, acks, timeout, compression, messages } as ProducerRecord;
}

/**
 * A batch with these headers, for each topic that has messages; the same one where none is written.
 *
 * @internal
 */
export function batchWithHeaders(
  batch: ProducerBatch,
  headers: readonly (readonly unknown[])[],
): ProducerBatch {
  const given = batch.topicMessages ?? [];
  const next = headers.values();
  const topicMessages = given.map((ofTopic) => {
    const messages = hasMessages(ofTopic)
      ? messagesWithHeaders(ofTopic.messages, next.next().value ?? [])
      : ofTopic.messages;
    return messages === ofTopic.messages ? ofTopic : { ...ofTopic, topic: ofTopic.topic, messages };
  });
  if (topicMessages.every((ofTopic, index) => ofTopic === given[index])) {
    return batch;
  }
  if (isPlain(batch)) {
    return { ...batch, topicMessages };
  }
  const { acks, timeout, compression } = batch;
  return { ...batch, acks, timeout, compression, topicMessages } as ProducerBatch;
}

function messagesWithHeaders(messages: Message[], headers: readonly unknown[]): Message[] {
  let isSame = true;
  const written = messages.map((message, index) => {
    const one = withHeaders(message, headers[index]);
    isSame &&= one === message;
    return one;
  });
  return isSame ? messages : written;
}

function withHeaders(message: Message, headers: unknown): Message {
  if (headers === message.headers || isRefused(message)) {
    return message;
  }
  return (isPlain(message) ? ofObject(message, headers) : ofClass(message, headers)) as Message;
}

/** With a place for the headers: to add to a copy what it has not takes V8 many times as long. */
function ofObject(message: Message, headers: unknown): unknown {
  const copy: Record<string, unknown> = { headers: undefined, ...message };
  copy['headers'] = headers;
  return copy;
}

const COMPUTED = ['key', 'value', 'partition', 'timestamp'] as const;

/** A custom partitioner may rely on a message's prototype; the private fields of its getters are in no copy. */
function ofClass(message: Message, headers: unknown): unknown {
  const computed = COMPUTED.filter((name) => name in message).map((name) => [name, message[name]] as const);
  const fields = { ...message, ...Object.fromEntries(computed), headers };
  return Object.create(
    Object.getPrototypeOf(message) as object | null,
    Object.getOwnPropertyDescriptors(fields),
  );
}

/**
 * What kafkajs, or the broker for what kafkajs writes of it, refuses goes to it as it came: it quotes a message without a
 * value, and to replace a header must not make good what is wrong with it.
 */
function isRefused({ value, headers }: Message): boolean {
  return value === undefined || headers === null || (headers !== undefined && !areWritable(headers));
}

function areWritable(headers: IHeaders): boolean {
  for (const header of Object.values<unknown>(headers)) {
    if (Array.isArray(header) ? !header.every(isWritable) : !isWritable(header)) {
      return false;
    }
  }
  return true;
}

function isWritable(header: unknown): boolean {
  return typeof header === 'string' || Buffer.isBuffer(header);
}
