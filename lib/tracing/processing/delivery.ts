import type { Attributes, Context } from '@opentelemetry/api';
import type { HandledMessage } from '../../messages.js';
import type { CreationContext } from '../../propagation/creation-context.js';
import {
  type Handling,
  type ReceivedMessages,
  handlingIn,
  receivedOf,
  withHandling,
} from '../../propagation/received-messages.js';
import type { Trust } from '../../topic.options.js';
import type { DescribedMessage, KafkaEndpoint } from '../attributes.js';
import type { DeliveredBatch } from './delivered-batch.js';
import { errorType } from '../error-type.js';
import type { Measurement } from '../metrics/measurement.js';
import type { TopicHandlers } from '../topic-policies.js';
import type { TracedSpan } from '../traced-span.js';

/**
 * A message that is to be handled.
 *
 * @internal
 */
export interface Delivered {
  readonly endpoint: KafkaEndpoint;
  readonly topic: string;
  readonly partition: number;
  /** As kafkajs received it. */
  readonly message: DescribedMessage;
  readonly handlers?: TopicHandlers | undefined;
  /** How often this process saw it in a row, this time included. */
  readonly seen?: number | undefined;
  /** The batch that the message is part of. */
  readonly batch?: Delivery | undefined;
}

/** @internal */
export function handledOf({ topic, partition, message }: Delivered): HandledMessage {
  return { topic, partition, message: message as HandledMessage['message'] };
}

/**
 * What is known of a delivery besides its span.
 *
 * @internal
 */
export interface DeliverySetup {
  /** Whether an error is part of the business, and no failure. */
  readonly isExpected?: ((error: unknown) => boolean) | undefined;
  /** The message; of a batch there is none. */
  readonly delivered?: Delivered | undefined;
  /** What was read out of the message. */
  readonly creation?: CreationContext | undefined;
  /** How far its producer is trusted. */
  readonly trust?: Trust | undefined;
  /** How often the message was delivered, this time included. */
  readonly attempts?: number | undefined;
  readonly batch?: DeliveredBatch | undefined;
  /** What was read out of the messages of the batch. */
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
  readonly #span: TracedSpan;
  readonly #setup: DeliverySetup;
  #errorType: string | undefined;
  #exception: { readonly original: unknown; readonly run: object | undefined } | undefined;
  #ended = false;
  #run: object | undefined;
  #otherRuns: Set<object> | undefined;
  #afterwards: (() => void)[] | undefined;

  constructor(span: TracedSpan, context: Context, setup: DeliverySetup = {}) {
    this.#span = span;
    this.#setup = setup;
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

  get isExpected(): DeliverySetup['isExpected'] {
    return this.#setup.isExpected;
  }

  /** The message; of a batch there is none. */
  get delivered(): Delivered | undefined {
    return this.#setup.delivered;
  }

  /** The message as kafkajs received it; of a batch there is none. */
  get handled(): HandledMessage | undefined {
    const { delivered } = this.#setup;
    return delivered && handledOf(delivered);
  }

  get trust(): Trust {
    return this.#setup.trust ?? 'continue';
  }

  get attempts(): number {
    return this.#setup.attempts ?? 1;
  }

  get batch(): DeliveredBatch | undefined {
    return this.#setup.batch;
  }

  get received(): ReceivedMessages | undefined {
    const { received, creation, delivered } = this.#setup;
    return received ?? (creation && receivedOf(delivered?.message.headers, creation));
  }

  get startOf(): DeliverySetup['startOf'] {
    return this.#setup.startOf;
  }

  get isRecording(): boolean {
    return this.#span.isRecording;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Whether somebody has to say how it ended. */
  get isWatched(): boolean {
    return this.isRecording || (this.#setup.measured !== undefined && !this.#ended);
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  /**
   * A handler is run for it.
   *
   * @returns whether that is not so already: with an interceptor of the user's own beside the module's, the outer one traces
   */
  enter(run: object): boolean {
    if (this.#run === run || this.#otherRuns?.has(run) === true) {
      return false;
    }
    if (this.#run === undefined) {
      this.#run = run;
    } else {
      (this.#otherRuns ??= new Set()).add(run);
    }
    return true;
  }

  /** The handler is done. */
  leave(run: object): void {
    if (this.#run === run) {
      this.#run = undefined;
    }
    this.#otherRuns?.delete(run);
  }

  /** Calls back when it has ended, or at once; `call` does not throw. */
  afterwards(call: () => void): void {
    if (this.#ended) {
      call();
    } else {
      (this.#afterwards ??= []).push(call);
    }
  }

  /**
   * An exception was thrown. Whether the delivery failed is for others to say: a filter may turn it into a success. What one
   * handler throws after another one is not what the delivery fails with: Nest waits for the first of them only.
   */
  recordException(exception: unknown, run?: object): void {
    const before = this.#exception;
    const isOfAnother = before?.run !== undefined && run !== undefined && before.run !== run;
    if (this.#ended || before?.original === exception || isOfAnother) {
      return;
    }
    this.#exception = { original: exception, run };
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
    this.#afterwards?.forEach((call) => call());
    this.#setup.measured?.(this.#errorType);
    this.#span.end();
  }

  #setFailed(error: unknown): void {
    this.#errorType = errorType(error);
    this.#span.fail(this.#errorType, error);
  }
}
