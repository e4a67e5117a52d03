import { type Context, ROOT_CONTEXT, type SpanContext, propagation, trace } from '@opentelemetry/api';
import { type KafkaHeaders, isCarrier, listedHeadersGetter } from './kafka-headers.js';
import { linked } from './linked-context.js';
import { readableHeaders } from './readable-headers.js';
import { isValidSpanContext } from './span-context-validity.js';

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

const ROOT = linked(ROOT_CONTEXT);

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
  const context = propagation.extract(ROOT, readable, listedHeadersGetter);
  if (context === ROOT) {
    return NO_CREATION_CONTEXT;
  }
  return new ExtractedContext(context, trace.getSpanContext(context));
}

/** Whether the ids are valid is looked at when somebody asks for them: for most messages that are not sampled nobody does. */
class ExtractedContext implements CreationContext {
  readonly #found: SpanContext | undefined;

  constructor(
    readonly context: Context,
    found: SpanContext | undefined,
  ) {
    this.#found = found;
  }

  get spanContext(): SpanContext | undefined {
    const found = this.#found;
    try {
      return found !== undefined && isValidSpanContext(found) ? found : undefined;
    } catch {
      return undefined; // Of a propagator of somebody's own, whose spans have a context that is none.
    }
  }
}
