import { type Context, ROOT_CONTEXT, type SpanContext, createContextKey } from '@opentelemetry/api';
import type { CreationContext } from './creation-context.js';
import { type KafkaHeaders, kafkaHeadersGetter } from './kafka-headers.js';
import { withValue } from './linked-context.js';

/**
 * A message that is handled, and what was read out of its headers.
 *
 * @internal
 */
export interface ReceivedMessage {
  readonly headers?: unknown;
  readonly spanContext: SpanContext | undefined;
}

const HANDLING = createContextKey('nestjs-kafka-tracing handling');

/**
 * What goes on in a context: messages are handled.
 *
 * @internal
 */
export interface Handling {
  /** What was read out of them; `undefined` where that was nothing. */
  readonly received: ReceivedMessages | undefined;
}

/** @internal */
export function withHandling(context: Context, handling: Handling): Context {
  return withValue(context, HANDLING, handling);
}

/** @internal */
export function handlingIn(context: Context): Handling | undefined {
  return context.getValue(HANDLING) as Handling | undefined;
}

/**
 * Keeps in a context the message that is handled in it, if anything was read out of it, so that headers which merely echo that
 * can be told from those that somebody set.
 *
 * @internal
 */
export function withReceivedMessage(context: Context, headers: unknown, creation: CreationContext): Context {
  const received = receivedOf(headers, creation);
  return received === undefined ? context : withHandling(context, { received });
}

/** @internal */
export function receivedOf(headers: unknown, creation: CreationContext): ReceivedMessages | undefined {
  return creation.context === ROOT_CONTEXT
    ? undefined
    : new ReceivedMessages([{ headers, spanContext: creation.spanContext }]);
}

/**
 * Whether headers were copied from what is handled in this context, as in a retry or a forward: they hold the same span
 * context, or none and the same baggage.
 *
 * @param read reads the span context out of the headers
 * @internal
 */
export function isEcho(
  context: Context,
  headers: KafkaHeaders,
  read: (headers: KafkaHeaders) => SpanContext | undefined,
): boolean {
  const received = handlingIn(context)?.received;
  return received !== undefined && received.has(headers, read(headers));
}

/**
 * Messages, and what was read out of them; they are read when somebody asks.
 *
 * @internal
 */
export class ReceivedMessages {
  readonly #messages: Iterable<ReceivedMessage>;
  #spans: ReadonlySet<string> | undefined;
  #baggage: ReadonlySet<string> | undefined;

  constructor(messages: Iterable<ReceivedMessage>) {
    this.#messages = messages;
  }

  has(headers: KafkaHeaders, spanContext: SpanContext | undefined): boolean {
    if (spanContext !== undefined) {
      this.#spans ??= setOf(this.#messages, (message) => message.spanContext && idsOf(message.spanContext));
      return this.#spans.has(idsOf(spanContext));
    }
    const baggage = baggageOf(headers);
    if (baggage === undefined) {
      return false;
    }
    this.#baggage ??= setOf(this.#messages, (message) => baggageOf(message.headers as KafkaHeaders));
    return this.#baggage.has(baggage);
  }
}

function setOf(
  messages: Iterable<ReceivedMessage>,
  textOf: (message: ReceivedMessage) => string | undefined,
): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const message of messages) {
    const text = textOf(message);
    if (text !== undefined) {
      texts.add(text);
    }
  }
  return texts;
}

function idsOf({ traceId, spanId }: SpanContext): string {
  return traceId + spanId;
}

function baggageOf(headers: KafkaHeaders | null | undefined): string | undefined {
  const baggage = kafkaHeadersGetter.get(headers, 'baggage');
  return typeof baggage === 'string' && baggage !== '' ? baggage : undefined;
}
