import type { Attributes, Context } from '@opentelemetry/api';
import type { HandledMessage } from '../../messages.js';
import {
  type Handling,
  type ReceivedMessages,
  handlingIn,
  withHandling,
} from '../../propagation/received-messages.js';
import type { Trust } from '../../topic.options.js';
import type { DescribedMessage } from '../attributes.js';
import type { DeliveredBatch } from './delivered-batch.js';
import { errorType } from '../error-type.js';
import type { Measurement } from '../metrics/measurement.js';
import type { TracedSpan } from '../traced-span.js';

/**
 * What is known of a delivery besides its span.
 *
 * @internal
 */
export interface DeliverySetup {
  /** Whether an error is part of the business, and no failure. */
  readonly isExpected?: ((error: unknown) => boolean) | undefined;
  /** The message as kafkajs received it; of a batch there is none. */
  readonly handled?: HandledMessage | undefined;
  /** How far its producer is trusted. */
  readonly trust?: Trust | undefined;
  /** How often the message was delivered, this time included. */
  readonly attempts?: number | undefined;
  readonly batch?: DeliveredBatch | undefined;
  /** What was read out of the message, or messages. */
  readonly received?: ReceivedMessages | undefined;
  /** Starts the handling of one message of the batch; `undefined` for any other message. */
  readonly startOf?: ((candidate: DescribedMessage) => Delivery | undefined) | undefined;
  readonly measured?: Measurement | undefined;
}

/**
 * One message, or one batch, being handled. The tracer starts its process span; whoever opened it, the driver or the
 * interceptor, ends it when everything that kafkajs awaits has settled. Its context is active meanwhile.
 *
 * @internal
 */
export class Delivery implements Handling {
  /** What is active while the message is handled; the delivery is in it. */
  readonly context: Context;
  readonly handled: HandledMessage | undefined;
  readonly trust: Trust;
  readonly attempts: number;
  readonly batch: DeliveredBatch | undefined;
  readonly received: ReceivedMessages | undefined;
  readonly startOf: DeliverySetup['startOf'];
  readonly #span: TracedSpan;
  readonly isExpected: ((error: unknown) => boolean) | undefined;
  readonly #measured: Measurement | undefined;
  #errorType: string | undefined;
  #exception: { readonly original: unknown } | undefined;
  #ended = false;

  constructor(span: TracedSpan, context: Context, setup: DeliverySetup = {}) {
    this.#span = span;
    this.isExpected = setup.isExpected;
    this.handled = setup.handled;
    this.trust = setup.trust ?? 'continue';
    this.attempts = setup.attempts ?? 1;
    this.batch = setup.batch;
    this.received = setup.received;
    this.startOf = setup.startOf;
    this.#measured = setup.measured;
    this.context = withHandling(context, this);
  }

  /** The delivery that is handled in a context. */
  static in(context: Context | undefined): Delivery | undefined {
    const handling = context && handlingIn(context);
    return handling instanceof Delivery ? handling : undefined;
  }

  get span(): TracedSpan {
    return this.#span;
  }

  get isRecording(): boolean {
    return this.#span.isRecording;
  }

  /** Whether somebody has to say how it ended. */
  get isWatched(): boolean {
    return this.isRecording || (this.#measured !== undefined && !this.#ended);
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  /** An exception was thrown. Whether the delivery failed is for others to say: a filter may turn it into a success. */
  recordException(exception: unknown): void {
    if (this.#ended || this.#exception?.original === exception) {
      return;
    }
    this.#exception = { original: exception };
    this.#span.recordException(exception);
  }

  /**
   * The delivery failed. Where an exception was recorded before, that is the original, and `reason` what became of it. The
   * user may have said that such a failure is part of the business.
   */
  fail(reason: unknown): void {
    if (this.#ended || this.#errorType !== undefined) {
      return;
    }
    if (this.#exception === undefined) {
      this.recordException(reason);
    }
    const original = this.#exception === undefined ? reason : this.#exception.original;
    if (this.isExpected?.(original) !== true) {
      this.#setFailed(original);
    }
  }

  /** The delivery failed, whatever the user says of errors: there was nobody to handle it. */
  failUnhandled(reason: string): void {
    this.recordException(reason);
    this.#setFailed(reason);
  }

  /** Everything that kafkajs awaits is done. */
  succeeded(): void {
    this.end();
  }

  /** What kafkajs awaits was rejected. */
  failed(error: unknown): void {
    this.fail(error);
    this.end();
  }

  end(): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#measured?.(this.#errorType);
    this.#span.end();
  }

  #setFailed(error: unknown): void {
    this.#errorType = errorType(error);
    this.#span.fail(this.#errorType, error);
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
