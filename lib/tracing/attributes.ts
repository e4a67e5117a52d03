import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { SemconvNames } from '../kafka-tracing.options.js';
import { type KafkaHeaders, headerText } from '../propagation/kafka-headers.js';
import * as semconv from './semconv.js';

/**
 * Who sends or receives: what does not change over the life of a producer or consumer.
 *
 * @internal
 */
export interface KafkaEndpoint {
  readonly clientId?: string | undefined;
  /** The bootstrap brokers as `host:port`, where they are known. */
  readonly brokers?: readonly string[] | undefined;
  /** The consumer group; only of a consumer. */
  readonly groupId?: string | undefined;
}

/** @internal */
export type Operation = 'send' | 'process';

/**
 * What a message says of itself in a span; a superset of kafkajs's outgoing and received messages.
 *
 * @internal
 */
export interface DescribedMessage {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: unknown;
  readonly partition?: number | undefined;
  readonly offset?: string | undefined;
}

/**
 * Makes the attributes of spans. Those that are the same for all messages of a topic are made once.
 *
 * @internal
 */
export class SpanAttributes {
  readonly #topics = new WeakMap<KafkaEndpoint, Map<string, Attributes>>();
  readonly #both: boolean;

  constructor(names: SemconvNames) {
    this.#both = names === 'both';
  }

  /** Everything that is known when the span is created: samplers read it. */
  ofMessage(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string,
    message: DescribedMessage,
    template?: string,
  ): Attributes {
    const attributes: Attributes = { ...this.#ofTopic(endpoint, operation, topic, template) };
    this.#set(attributes, semconv.KAFKA_MESSAGE_KEY, printableKey(message.key));
    this.#set(attributes, semconv.KAFKA_MESSAGE_TOMBSTONE, message.value === null ? true : undefined);
    this.#set(attributes, semconv.MESSAGING_MESSAGE_CONVERSATION_ID, conversationId(message.headers));
    return Object.assign(attributes, this.ofPosition(message.partition, message.offset));
  }

  /** Where in the topic a message is. */
  ofPosition(partition: number | undefined, offset: string | undefined): Attributes {
    const attributes: Attributes = {};
    const id = partition === undefined || partition === null ? undefined : String(partition);
    this.#set(attributes, semconv.MESSAGING_DESTINATION_PARTITION_ID, id);
    this.#set(attributes, semconv.KAFKA_OFFSET, offset === undefined ? undefined : Number(offset));
    return attributes;
  }

  #ofTopic(endpoint: KafkaEndpoint, operation: Operation, topic: string, template?: string): Attributes {
    let topics = this.#topics.get(endpoint);
    if (topics === undefined) {
      topics = new Map();
      this.#topics.set(endpoint, topics);
    }
    let attributes = topics.get(topic);
    if (attributes === undefined) {
      attributes = this.#buildForTopic(endpoint, operation, topic, template);
      if (topics.size >= MOST_TOPICS) {
        topics.clear();
      }
      topics.set(topic, attributes);
    }
    return attributes;
  }

  #buildForTopic(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string,
    template: string | undefined,
  ): Attributes {
    const attributes: Attributes = {};
    const server = serverOf(endpoint.brokers);
    this.#set(attributes, semconv.MESSAGING_SYSTEM_NAME, semconv.MESSAGING_SYSTEM_KAFKA);
    this.#set(attributes, semconv.MESSAGING_OPERATION_NAME, operation);
    this.#set(attributes, semconv.MESSAGING_OPERATION_TYPE, operation);
    this.#set(attributes, semconv.MESSAGING_DESTINATION_NAME, topic);
    this.#set(attributes, semconv.MESSAGING_DESTINATION_TEMPLATE, template);
    this.#set(attributes, semconv.MESSAGING_CLIENT_ID, endpoint.clientId);
    this.#set(attributes, semconv.MESSAGING_CONSUMER_GROUP_NAME, endpoint.groupId);
    this.#set(attributes, semconv.SERVER_ADDRESS, server?.address);
    this.#set(attributes, semconv.SERVER_PORT, server?.port);
    return attributes;
  }

  #set(attributes: Attributes, name: string, value: string | number | boolean | undefined): void {
    if (value === undefined) {
      return;
    }
    attributes[name] = value;
    const former = this.#both ? semconv.FORMER_NAMES[name] : undefined;
    if (former !== undefined) {
      attributes[former] = value;
    }
  }
}

// Topics made on the fly must not fill the memory: past this many the store starts anew.
const MOST_TOPICS = 1_000;

const LONGEST_KEY = 256;
const MOST_BYTES_A_CHARACTER = 4;

/** A key as a string; `undefined` for none, for a long one, and for a binary one, which has no canonical string. */
function printableKey(key: unknown): string | undefined {
  if (typeof key === 'string') {
    return key.length <= LONGEST_KEY ? key : undefined;
  }
  if (!Buffer.isBuffer(key) || key.length > LONGEST_KEY * MOST_BYTES_A_CHARACTER || !isUtf8(key)) {
    return undefined;
  }
  const text = key.toString('utf8');
  return text.length <= LONGEST_KEY ? text : undefined;
}

/** The header by which Nest matches a reply with its request. */
const CORRELATION_ID = 'kafka_correlationId';

function conversationId(headers: unknown): string | undefined {
  return typeof headers === 'object' && headers !== null
    ? headerText((headers as KafkaHeaders)[CORRELATION_ID])
    : undefined;
}

/** Only where there is exactly one bootstrap broker is it known which server is meant. */
function serverOf(
  brokers: readonly string[] | undefined,
): { address: string; port: number | undefined } | undefined {
  const [only, ...others] = brokers ?? [];
  if (only === undefined || others.length > 0) {
    return undefined;
  }
  const [, address = only, port] = /^\[?(.+?)\]?:(\d+)$/.exec(only) ?? [];
  return { address, port: port === undefined ? undefined : Number(port) };
}
