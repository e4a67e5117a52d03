import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  createContextKey,
  isSpanContextValid,
  propagation,
  trace,
} from '@opentelemetry/api';
import { type KafkaHeaders, isCarrier, kafkaHeadersGetter } from './kafka-headers.js';
import { readableHeaders } from './readable-headers.js';

/**
 * The creation context of a message: what its producer put into the headers.
 *
 * @internal
 */
export interface CreationContext {
  /** {@link ROOT_CONTEXT} with what the propagator found: the remote span, baggage. */
  readonly context: Context;
  /** The remote span; `undefined` where the headers hold no valid one. */
  readonly spanContext: SpanContext | undefined;
}

/** @internal */
export const NO_CREATION_CONTEXT: CreationContext = { context: ROOT_CONTEXT, spanContext: undefined };

const RECEIVED = createContextKey('nestjs-kafka-tracing received creation context');

/**
 * Reads the creation context out of a message's headers. It is built on the root context, never on what is active.
 *
 * @internal
 */
export function extractCreationContext(headers: KafkaHeaders | null | undefined): CreationContext {
  const readable = isCarrier(headers) ? readableHeaders(headers) : undefined;
  if (readable === undefined) {
    return NO_CREATION_CONTEXT; // As of most messages: nothing is computed for them.
  }
  const context = propagation.extract(ROOT_CONTEXT, readable, kafkaHeadersGetter);
  const spanContext = trace.getSpanContext(context);
  return {
    context,
    spanContext: spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined,
  };
}

/**
 * Keeps in a context the creation context of the message that is handled in it, so that a header which merely echoes it
 * can be told from one that somebody set.
 *
 * @internal
 */
export function withReceived(context: Context, received: SpanContext | undefined): Context {
  return received === undefined ? context : context.setValue(RECEIVED, received);
}

/**
 * The same for a batch: the creation contexts of all its messages. They are read when somebody asks.
 *
 * @internal
 */
export function withReceivedBatch(
  context: Context,
  read: () => readonly (SpanContext | undefined)[],
): Context {
  let ids: ReadonlySet<string> | undefined;
  const has = (spanContext: SpanContext): boolean => {
    ids ??= new Set(read().flatMap((received) => (received === undefined ? [] : [idsOf(received)])));
    return ids.has(idsOf(spanContext));
  };
  return context.setValue(RECEIVED, has);
}

/**
 * Keeps in a context what another one keeps, as for one message of a batch: it may be forwarded together with others.
 *
 * @internal
 */
export function withReceivedAsIn(context: Context, other: Context): Context {
  return context.setValue(RECEIVED, other.getValue(RECEIVED));
}

/**
 * Whether a span context is that of the message which is handled in this context: an echo, as in a retry or a forward
 * that copies the headers.
 *
 * @internal
 */
export function isEcho(context: Context, spanContext: SpanContext): boolean {
  const received = context.getValue(RECEIVED) as SpanContext | ((one: SpanContext) => boolean) | undefined;
  return typeof received === 'function'
    ? received(spanContext)
    : received?.spanId === spanContext.spanId && received.traceId === spanContext.traceId;
}

function idsOf({ traceId, spanId }: SpanContext): string {
  return traceId + spanId;
}
