import type { ModulesContainer } from '@nestjs/core';
import type { KafkaContext } from '@nestjs/microservices';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { IHeaders, ProducerRecord } from 'kafkajs';
import { bareLetterOf, deadLetterOf } from '../kafkajs/dead-letter.js';
import type { HandledMessage } from '../messages.js';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import { withReceivedMessage } from '../propagation/received-messages.js';
import { activeContext, attempt, startWithin } from '../tracing/fail-open.js';
import { creationOf } from '../tracing/processing/process-tracing.js';
import { runDelivery, startInBatch } from './batch-messages.js';
import { diagnose } from './diagnosis/diagnosis.js';
import type { KafkaTracingDiagnosis } from './diagnosis/diagnosis.types.js';
import { handledBy, handledIn, isHandledForStranger } from './handlers/handled-message.js';
import type { TracedApplication } from './traced-application.js';

/**
 * Anything with the headers of a message.
 *
 * @publicApi
 */
export interface MessageInContext {
  readonly headers?: KafkaHeaders | null | undefined;
}

/**
 * Trace context for work that is done by hand: an outbox table, a queue in memory, a batch. Inject it where it is needed.
 *
 * @example constructor(private readonly tracing: KafkaTracing) {}
 * @publicApi
 */
export abstract class KafkaTracing {
  /**
   * The headers that carry the active context, to keep with a message that is sent later.
   *
   * @param headers what else the message carries; it is not changed
   * @returns a copy with the propagation headers, and the `correlationId` header where that option names one; without an
   *   SDK, a copy of what was given
   */
  abstract inject(headers?: IHeaders): IHeaders;

  /**
   * The creation context of a message.
   *
   * @param headers of any shape: as kafkajs has them, as Nest parsed them, from a database row
   * @returns a context on the root context, never on the active one; the root context where the headers hold none
   */
  abstract extract(headers: KafkaHeaders | null | undefined): Context;

  /**
   * Runs a function in the context of a message.
   *
   * Inside `eachBatch`, for a message of that batch, it opens a process span for it, as `eachMessage` would, linked to the
   * span of the batch. It ends when `fn` has returned, or when the promise that it returns has settled. Elsewhere no span is
   * opened. What is being handled, of a topic whose `trust` is not `'continue'`, stays in the context of its delivery.
   *
   * @param message anything with the headers of a message; of a batch the message itself, or a copy with the same headers
   * @param fn what to run; what it returns or throws is returned or thrown
   * @example for (const message of batch.messages) await this.tracing.runInContextOf(message, () => this.handle(message));
   */
  abstract runInContextOf<T>(message: MessageInContext, fn: () => T): T;

  /**
   * The record by which a message that cannot be handled goes to a dead-letter topic. It sends nothing.
   *
   * Key, value and headers are the bytes that kafkajs received; where our driver did not see the message, as in a custom
   * strategy, those that Nest parsed, as text. Added are the headers `x-original-topic`, `x-original-partition`,
   * `x-original-offset`, `x-original-timestamp` and `x-original-traceparent` (of the first place where the message was),
   * `x-error-type`, `x-error-message` (256 bytes at most) and `x-delivery-attempt`. Whoever sends or handles it has a link
   * to its original creation context.
   *
   * @param message the context of the handler, what kafkajs gave to `eachMessage`, or a message of a batch with its topic
   *   and partition
   * @param error why it cannot be handled
   * @param topic where it goes
   * @defaultValue topic `<topic>.dlt`
   * @returns a record for `producer.send`
   * @example await context.getProducer().send(this.tracing.deadLetter(context, error));
   */
  abstract deadLetter(message: KafkaContext | HandledMessage, error: unknown, topic?: string): ProducerRecord;

  /**
   * What is traced of the application as it is now, what of an SDK is registered, and what is wrong. The line in the log when
   * the application starts says the same in short.
   *
   * @returns plain data; after `app.close()` it is of no use
   * @example if (this.tracing.diagnose().warnings.length > 0) throw new Error('This service is blind.');
   */
  abstract diagnose(): KafkaTracingDiagnosis;
}

/** @internal */
export class ApplicationKafkaTracing extends KafkaTracing {
  readonly #application: TracedApplication;
  readonly #modules: ModulesContainer;

  constructor(application: TracedApplication, modules: ModulesContainer) {
    super();
    this.#application = application;
    this.#modules = modules;
  }

  override inject(headers: IHeaders = {}): IHeaders {
    const copy = { ...headers };
    const active = activeContext() ?? ROOT_CONTEXT;
    const written = attempt('write the headers', () => this.#application.tracer()?.inject(copy, active));
    return (written ?? copy) as IHeaders;
  }

  override extract(headers: KafkaHeaders | null | undefined): Context {
    const extracted = attempt('read the headers', () => {
      const creation = this.#application.tracer()?.extract(headers) ?? creationOf({ headers });
      return withReceivedMessage(creation.context, headers, creation);
    });
    return extracted ?? ROOT_CONTEXT;
  }

  override runInContextOf<T>(message: MessageInContext, fn: () => T): T {
    const delivery = attempt('trace a message of a batch', () => startInBatch(message));
    if (delivery !== undefined) {
      return runDelivery(delivery, fn);
    }
    const isOfStranger = attempt('read the headers', () => isHandledForStranger(message.headers)) === true;
    const extracted = isOfStranger
      ? undefined
      : attempt('read the headers', () => this.extract(message.headers));
    return extracted === undefined ? fn() : startWithin(extracted, fn);
  }

  override deadLetter(
    message: KafkaContext | HandledMessage,
    error: unknown,
    topic?: string,
  ): ProducerRecord {
    const trustOf = (handledTopic: string) => this.#application.tracer()?.trustOf(handledTopic);
    const { handled, attempts, trust } =
      attempt('find the delivery', () => handledIn(message, trustOf)) ?? handledBy(message);
    return (
      attempt('describe a dead letter', () => deadLetterOf(handled, error, { attempts, trust, topic })) ??
      bareLetterOf(handled, topic)
    );
  }

  override diagnose(): KafkaTracingDiagnosis {
    return diagnose(this.#application, this.#modules);
  }
}
