import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { CapturedHeaders } from './captured-headers.js';
import { ask } from './hooks.js';
import { printable } from './printable.js';
import * as semconv from './semconv.js';
import type { TopicPolicy } from './topic-policies.js';

/** @internal */
export type DescribingOptions = Pick<ResolvedOptions, 'semconv' | 'bodySize' | 'captureHeaders'>;

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

/**
 * The name of an operation, as spans and metrics have it.
 *
 * @internal
 */
export type Operation = 'create' | 'send' | 'process' | 'request' | 'send_offsets';

/**
 * The conventions' type of an operation. A request has none: the send within it is one.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#operation-types
 */
const OPERATION_TYPES: Readonly<Record<Operation, string | undefined>> = {
  create: 'create',
  send: 'send',
  process: 'process',
  request: undefined,
  send_offsets: 'settle',
};

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
  readonly timestamp?: string | undefined;
}

type OfTopic = Pick<TopicPolicy, 'template' | 'messageKey'>;

const NOTHING_SAID: OfTopic = { template: undefined, messageKey: true };

/** What a message may say of itself; each combination is a shape of its own. */
const KEY = 1;
const PARTITION = 2;
const OFFSET = 4;
const SHAPES = 8;

/**
 * What is the same for all messages of a topic, by what they say of themselves: the places for that are there already, so
 * that a copy is filled, and does not grow. To add to an object by one name after the other is what costs.
 */
type Templates = (Attributes | undefined)[];

/**
 * Makes the attributes of spans. Those that are the same for all messages of a topic are made once.
 *
 * @internal
 */
export class SpanAttributes {
  readonly #topics = new WeakMap<KafkaEndpoint, Map<Operation, Map<string | undefined, Templates>>>();
  readonly #both: boolean;
  readonly #bodySize: boolean;
  readonly #capturedHeaders: CapturedHeaders | undefined;

  constructor({ semconv: names, bodySize, captureHeaders }: DescribingOptions) {
    this.#both = names === 'both';
    this.#bodySize = bodySize;
    this.#capturedHeaders = captureHeaders.length === 0 ? undefined : new CapturedHeaders(captureHeaders);
  }

  /** Everything that is known when the span is created: samplers read it. */
  ofMessage(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string,
    message: DescribedMessage,
    said: OfTopic = NOTHING_SAID,
  ): Attributes {
    const key = said.messageKey === true ? printable(message.key) : undefined;
    const attributes = this.#filled(
      endpoint,
      operation,
      topic,
      said.template,
      key,
      message.partition,
      message.offset,
    );
    if (message.value === null) {
      this.#set(attributes, semconv.KAFKA_MESSAGE_TOMBSTONE, true);
    }
    const conversation = conversationId(message.headers);
    if (conversation !== undefined) {
      attributes[semconv.MESSAGING_MESSAGE_CONVERSATION_ID] = conversation;
    }
    return attributes;
  }

  /** What is worth its cost only where the span is recorded; `undefined` for nothing. */
  detailsOf(message: DescribedMessage, { messageKey }: OfTopic): Attributes | undefined {
    if (!this.#bodySize && this.#capturedHeaders === undefined && typeof messageKey !== 'function') {
      return undefined;
    }
    const attributes: Attributes = this.#capturedHeaders?.of(message.headers) ?? {};
    if (typeof messageKey === 'function') {
      this.#set(attributes, semconv.KAFKA_MESSAGE_KEY, writtenKey(messageKey, message.key));
    }
    if (this.#bodySize) {
      this.#set(attributes, semconv.MESSAGING_MESSAGE_BODY_SIZE, sizeOf(message.value));
    }
    return attributes;
  }

  /** What is the same for all messages of a topic, or partition; `undefined` for several topics. A new object each time. */
  ofTopic(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string | undefined,
    template: string | undefined,
    partition?: number,
  ): Attributes {
    return this.#filled(endpoint, operation, topic, template, undefined, partition, undefined);
  }

  /** Where in the topic a message is. */
  ofPosition(partition: number | undefined, offset: string | undefined): Attributes {
    const id = partition === undefined || partition === null ? undefined : String(partition);
    if (id === undefined || offset === undefined) {
      const attributes: Attributes = {};
      this.#set(attributes, semconv.MESSAGING_DESTINATION_PARTITION_ID, id);
      this.#set(attributes, semconv.KAFKA_OFFSET, offset === undefined ? undefined : Number(offset));
      return attributes;
    }
    const at = Number(offset);
    return this.#both
      ? {
          [semconv.MESSAGING_DESTINATION_PARTITION_ID]: id,
          [semconv.KAFKA_OFFSET]: at,
          [semconv.MESSAGING_KAFKA_OFFSET]: at,
        }
      : { [semconv.MESSAGING_DESTINATION_PARTITION_ID]: id, [semconv.KAFKA_OFFSET]: at };
  }

  /** Who does something that is no messaging operation. */
  ofEndpoint(endpoint: KafkaEndpoint): Attributes {
    const attributes: Attributes = {};
    this.#setEndpoint(attributes, endpoint);
    return attributes;
  }

  #filled(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string | undefined,
    template: string | undefined,
    key: string | undefined,
    partition: number | null | undefined,
    offset: string | undefined,
  ): Attributes {
    const templates = this.#templatesOf(endpoint, operation, topic);
    const hasPartition = partition !== undefined && partition !== null;
    const shape =
      (key === undefined ? 0 : KEY) | (hasPartition ? PARTITION : 0) | (offset === undefined ? 0 : OFFSET);
    const attributes = {
      ...(templates[shape] ??= this.#buildForShape(endpoint, operation, topic, template, shape)),
    };
    if (key !== undefined) {
      attributes[semconv.KAFKA_MESSAGE_KEY] = key;
      if (this.#both) {
        attributes[semconv.MESSAGING_KAFKA_MESSAGE_KEY] = key;
      }
    }
    if (hasPartition) {
      attributes[semconv.MESSAGING_DESTINATION_PARTITION_ID] = String(partition);
    }
    if (offset !== undefined) {
      const at = Number(offset);
      attributes[semconv.KAFKA_OFFSET] = at;
      if (this.#both) {
        attributes[semconv.MESSAGING_KAFKA_OFFSET] = at;
      }
    }
    return attributes;
  }

  #templatesOf(endpoint: KafkaEndpoint, operation: Operation, topic: string | undefined): Templates {
    let operations = this.#topics.get(endpoint);
    if (operations === undefined) {
      operations = new Map();
      this.#topics.set(endpoint, operations);
    }
    let topics = operations.get(operation);
    if (topics === undefined) {
      topics = new Map();
      operations.set(operation, topics);
    }
    let templates = topics.get(topic);
    if (templates === undefined) {
      templates = Array.from({ length: SHAPES }, () => undefined);
      if (topics.size >= MOST_TOPICS) {
        topics.clear();
      }
      topics.set(topic, templates);
    }
    return templates;
  }

  #buildForShape(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string | undefined,
    template: string | undefined,
    shape: number,
  ): Attributes {
    const attributes = this.#buildForTopic(endpoint, operation, topic, template);
    this.#set(attributes, semconv.KAFKA_MESSAGE_KEY, shape & KEY ? '' : undefined);
    this.#set(attributes, semconv.MESSAGING_DESTINATION_PARTITION_ID, shape & PARTITION ? '' : undefined);
    this.#set(attributes, semconv.KAFKA_OFFSET, shape & OFFSET ? 0 : undefined);
    // As JSON makes them, all names at once: only of such an object is a copy cheap.
    return JSON.parse(JSON.stringify(attributes)) as Attributes;
  }

  #buildForTopic(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string | undefined,
    template: string | undefined,
  ): Attributes {
    const attributes: Attributes = {};
    this.#set(attributes, semconv.MESSAGING_OPERATION_NAME, operation);
    this.#set(attributes, semconv.MESSAGING_OPERATION_TYPE, OPERATION_TYPES[operation]);
    this.#set(attributes, semconv.MESSAGING_DESTINATION_NAME, topic);
    this.#set(attributes, semconv.MESSAGING_DESTINATION_TEMPLATE, template);
    this.#setEndpoint(attributes, endpoint);
    return attributes;
  }

  #setEndpoint(attributes: Attributes, endpoint: KafkaEndpoint): void {
    const server = serverOf(endpoint.brokers);
    this.#set(attributes, semconv.MESSAGING_SYSTEM_NAME, semconv.MESSAGING_SYSTEM_KAFKA);
    this.#set(attributes, semconv.MESSAGING_CLIENT_ID, endpoint.clientId);
    this.#set(attributes, semconv.MESSAGING_CONSUMER_GROUP_NAME, endpoint.groupId);
    this.#set(attributes, semconv.SERVER_ADDRESS, server?.address);
    this.#set(attributes, semconv.SERVER_PORT, server?.port);
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

/** A key as the user's function writes it. */
function writtenKey(write: (key: string | Buffer) => unknown, key: unknown): string | undefined {
  if (typeof key !== 'string' && !Buffer.isBuffer(key)) {
    return undefined;
  }
  const text = Buffer.isBuffer(key) && isUtf8(key) ? key.toString('utf8') : key;
  const written = ask('write the key', () => write(text));
  return typeof written === 'string' ? written : undefined;
}

/** Bytes of a value; `undefined` where there is none. */
function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    return Buffer.byteLength(value, 'utf8');
  }
  return value instanceof Uint8Array ? value.byteLength : undefined;
}

/** The header by which Nest matches a reply with its request. */
const CORRELATION_ID = 'kafka_correlationId';

function conversationId(headers: unknown): string | undefined {
  return typeof headers === 'object' && headers !== null
    ? printable((headers as KafkaHeaders)[CORRELATION_ID])
    : undefined;
}

/**
 * Only where there is exactly one bootstrap broker is it known which server is meant.
 *
 * @internal
 */
export function serverOf(
  brokers: readonly string[] | undefined,
): { address: string; port: number | undefined } | undefined {
  const [only, ...others] = brokers ?? [];
  if (only === undefined || others.length > 0) {
    return undefined;
  }
  const [, address = only, port] = /^\[?(.+?)\]?:(\d+)$/.exec(only) ?? [];
  return { address, port: port === undefined ? undefined : Number(port) };
}
