import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { AttributeTemplate, setAttribute } from './attribute-template.js';
import { CapturedHeaders } from './captured-headers.js';
import { ask } from './hooks.js';
import type { Operation } from './operation.js';
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

/**
 * Makes the attributes of spans. Those that are the same for all messages of a producer or consumer are made once.
 *
 * @internal
 */
export class SpanAttributes {
  readonly #templates = new WeakMap<KafkaEndpoint, Map<Operation, AttributeTemplate>>();
  readonly #position: AttributeTemplate;
  readonly #both: boolean;
  readonly #bodySize: boolean;
  readonly #capturedHeaders: CapturedHeaders | undefined;

  constructor({ semconv: names, bodySize, captureHeaders }: DescribingOptions) {
    this.#both = names === 'both';
    this.#position = new AttributeTemplate({}, this.#both, (shape) => ({ ...shape }));
    this.#bodySize = bodySize;
    this.#capturedHeaders = captureHeaders.length === 0 ? undefined : new CapturedHeaders(captureHeaders);
  }

  /**
   * What is said of one message, and only where its span is recorded: the conventions ask for none of it when a span is
   * created, and most of what it costs to describe a message is this.
   */
  ofMessage(message: DescribedMessage, messageKey: TopicPolicy['messageKey']): Attributes {
    const key = messageKey === true ? printable(message.key) : undefined;
    const attributes = this.#position.filled({ key, offset: message.offset });
    if (message.value === null) {
      this.#set(attributes, semconv.KAFKA_MESSAGE_TOMBSTONE, true);
    }
    const conversation = conversationId(message.headers);
    if (conversation !== undefined) {
      attributes[semconv.MESSAGING_MESSAGE_CONVERSATION_ID] = conversation;
    }
    Object.assign(attributes, this.#capturedHeaders?.of(message.headers));
    if (typeof messageKey === 'function') {
      this.#set(attributes, semconv.KAFKA_MESSAGE_KEY, writtenKey(messageKey, message.key));
    }
    if (this.#bodySize) {
      this.#set(attributes, semconv.MESSAGING_MESSAGE_BODY_SIZE, sizeOf(message.value));
    }
    return attributes;
  }

  /**
   * What is the same for all messages of a topic, or partition; `undefined` for several topics. A new object each time. A
   * span is created with it, since samplers may read it.
   *
   * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#messaging-attributes
   */
  ofTopic(
    endpoint: KafkaEndpoint,
    operation: Operation,
    topic: string | undefined,
    template: string | undefined,
    partition?: number,
  ): Attributes {
    return this.#templateOf(endpoint, operation).filled({ topic, template, partition });
  }

  /** Where in the topic a message is. */
  ofPosition(partition: number | undefined, offset: string | undefined): Attributes {
    return this.#position.filled({ partition, offset });
  }

  /** Who does something that is no messaging operation. */
  ofEndpoint(endpoint: KafkaEndpoint): Attributes {
    const attributes: Attributes = {};
    this.#setEndpoint(attributes, endpoint);
    return attributes;
  }

  #templateOf(endpoint: KafkaEndpoint, operation: Operation): AttributeTemplate {
    let operations = this.#templates.get(endpoint);
    if (operations === undefined) {
      operations = new Map();
      this.#templates.set(endpoint, operations);
    }
    let template = operations.get(operation);
    if (template === undefined) {
      template = new AttributeTemplate(this.#buildFor(endpoint, operation), this.#both, (shape) => ({
        ...shape,
      }));
      operations.set(operation, template);
    }
    return template;
  }

  #buildFor(endpoint: KafkaEndpoint, operation: Operation): Attributes {
    const attributes: Attributes = {};
    this.#set(attributes, semconv.MESSAGING_OPERATION_NAME, operation);
    this.#set(attributes, semconv.MESSAGING_OPERATION_TYPE, OPERATION_TYPES[operation]);
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
    setAttribute(attributes, name, value, this.#both);
  }
}

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
