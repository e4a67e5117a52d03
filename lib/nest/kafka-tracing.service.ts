import { type Context, context } from '@opentelemetry/api';
import type { IHeaders } from 'kafkajs';
import { extractCreationContext, withReceived } from '../propagation/creation-context.js';
import type { KafkaHeaders } from '../propagation/kafka-headers.js';
import { within } from '../tracing/fail-open.js';
import type { TracedApplication } from './traced-application.js';

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
   * Runs a function in the context of a message. No span is opened.
   *
   * @param message anything with the headers of a message
   * @param fn what to run; what it returns or throws is returned or thrown
   */
  abstract runInContextOf<T>(message: { readonly headers?: KafkaHeaders | null | undefined }, fn: () => T): T;
}

/** @internal */
export class ApplicationKafkaTracing extends KafkaTracing {
  readonly #application: TracedApplication;

  constructor(application: TracedApplication) {
    super();
    this.#application = application;
  }

  override inject(headers: IHeaders = {}): IHeaders {
    const copy = { ...headers };
    return (this.#application.tracer()?.inject(copy, context.active()) ?? copy) as IHeaders;
  }

  override extract(headers: KafkaHeaders | null | undefined): Context {
    const { context: extracted, spanContext } = extractCreationContext(headers);
    return withReceived(extracted, spanContext);
  }

  override runInContextOf<T>(
    message: { readonly headers?: KafkaHeaders | null | undefined },
    fn: () => T,
  ): T {
    return within(this.extract(message.headers), fn);
  }
}
