import {
  type Attributes,
  type Context,
  type Span,
  SpanStatusCode,
  createContextKey,
} from '@opentelemetry/api';
import { errorMessage, errorType, isError } from './error-type.js';
import { attempt } from './fail-open.js';
import { ERROR_TYPE } from './semconv.js';

const DELIVERY = createContextKey('nestjs-kafka-tracing delivery');

/**
 * One message being handled. The tracer starts its process span; whoever opened it, the driver or the interceptor, ends it
 * when everything that kafkajs awaits has settled. Its context is active meanwhile.
 *
 * @internal
 */
export class Delivery {
  /** What is active while the message is handled; the delivery is in it. */
  readonly context: Context;
  readonly #span: Span | undefined;
  #exception: { readonly original: unknown } | undefined;
  #failed = false;
  #ended = false;

  constructor(span: Span | undefined, context: Context) {
    this.#span = span;
    this.context = context.setValue(DELIVERY, this);
  }

  /** The delivery that is handled in a context. */
  static in(context: Context | undefined): Delivery | undefined {
    return context?.getValue(DELIVERY) as Delivery | undefined;
  }

  get isRecording(): boolean {
    return (
      this.#span !== undefined && attempt('ask the process span', () => this.#span?.isRecording()) === true
    );
  }

  setAttributes(attributes: Attributes): void {
    attempt('set attributes', () => this.#span?.setAttributes(attributes));
  }

  /** An exception was thrown. Whether the delivery failed is for others to say: a filter may turn it into a success. */
  recordException(exception: unknown): void {
    if (this.#ended || this.#exception?.original === exception) {
      return;
    }
    this.#exception = { original: exception };
    attempt('record an exception', () =>
      this.#span?.recordException(isError(exception) ? exception : errorMessage(exception)),
    );
  }

  /** The delivery failed. Where an exception was recorded before, that is the original, and `reason` what became of it. */
  fail(reason: unknown): void {
    if (this.#ended || this.#failed) {
      return;
    }
    this.#failed = true;
    if (this.#exception === undefined) {
      this.recordException(reason);
    }
    const original = this.#exception?.original;
    attempt('set the status of the process span', () => {
      this.#span?.setAttribute(ERROR_TYPE, errorType(original));
      this.#span?.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(original) });
    });
  }

  end(): void {
    this.#ended = true;
    attempt('end the process span', () => this.#span?.end());
  }
}

// By an object that belongs to one delivery alone, so that it is found also where no context manager is registered.
const deliveries = new WeakMap<object, Delivery>();

/** @internal */
export function rememberDelivery(token: object, delivery: Delivery): void {
  deliveries.set(token, delivery);
}

/** @internal */
export function deliveryOf(token: object): Delivery | undefined {
  return deliveries.get(token);
}
