import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable, Subscriber, type Subscription, isObservable } from 'rxjs';
import { attempt, report, within } from '../../tracing/fail-open.js';
import { type Handling, startHandling } from './handling.js';

/**
 * Enriches the process span of a Kafka handler: its own exception, its attributes, the span of its business step. Where
 * nothing opened a process span for this delivery (a custom strategy, a unit test, a Kafka that was made elsewhere) it
 * reads the context from the message and opens the span itself.
 *
 * The module adds it to every Kafka handler; it may also be used by hand. There is one process span for a delivery either
 * way. Handlers of other transports it leaves alone.
 *
 * @see https://docs.nestjs.com/interceptors
 * @publicApi
 */
@Injectable()
export class KafkaTracingInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return new Observable((subscriber) => {
      const isAwaited = !subscriber.closed;
      const handling = isAwaited ? attempt('trace a handler', () => startHandling(execution)) : undefined;
      return handling === undefined
        ? next.handle().subscribe(subscriber)
        : within(handling.context, () => observe(handling, () => next.handle(), subscriber));
    });
  }

  /**
   * The same for a handler that has no other interceptor, whose result then need not become a stream.
   *
   * @param execution makes what Nest gives to an interceptor
   * @param next calls the handler; a promise of its result, which may be a stream
   * @internal
   */
  async interceptAlone(execution: () => ExecutionContext, next: () => Promise<unknown>): Promise<unknown> {
    const handling = attempt('trace a handler', () => startHandling(execution()));
    if (handling === undefined) {
      return next();
    }
    let result: unknown;
    try {
      result = await within(handling.context, next);
    } catch (error) {
      tellFailed(handling, error);
      tellEnded(handling);
      throw error;
    }
    if (isObservable(result)) {
      return observedStream(handling, result);
    }
    tellEnded(handling);
    return result;
  }
}

/** Nobody may ever subscribe to it: where another handler of the message has failed, Nest has left. */
function observedStream(handling: Handling, stream: Observable<unknown>): Observable<unknown> {
  let isSubscribedTo = false;
  const leaveBehind = (): void => {
    if (!isSubscribedTo) {
      tellEnded(handling);
    }
  };
  attempt("trace a handler's stream", () => handling.delivery.afterwards(leaveBehind));
  return new Observable((subscriber) => {
    isSubscribedTo = true;
    return within(handling.context, () => observe(handling, () => stream, subscriber));
  });
}

// Called and subscribed to within the context: only so is it active in the handler, in the stream that it returns, and in
// what others do with that.
function observe(
  handling: Handling,
  handle: () => Observable<unknown>,
  subscriber: Subscriber<unknown>,
): Subscription {
  const handler = new HandlerSubscriber(handling, subscriber);
  try {
    handle().subscribe(handler);
  } catch (error) {
    handler.error(error);
  }
  return handler;
}

/** One subscriber for what `defer`, `tap` and `catchError` make three of, for each message. */
class HandlerSubscriber extends Subscriber<unknown> {
  readonly #handling: Handling;
  readonly #next: Subscriber<unknown>;

  constructor(handling: Handling, next: Subscriber<unknown>) {
    super(next); // Deprecated for what is no operator; this is one.
    this.#handling = handling;
    this.#next = next;
  }

  /** A filter is no part of the step that failed: it may retry, or send a dead letter. */
  protected override _error(error: unknown): void {
    tellFailed(this.#handling, error);
    try {
      within(this.#handling.surroundings, () => this.#next.error(error));
    } finally {
      this.unsubscribe();
    }
  }

  /** However it ends, also where nobody waits any more. */
  override unsubscribe(): void {
    if (!this.closed) {
      super.unsubscribe();
      tellEnded(this.#handling);
    }
  }
}

// What throws in the middle of the handler's stream would be its outcome.
function tellFailed(handling: Handling, error: unknown): void {
  try {
    handling.fail(error);
  } catch (bug) {
    report('tell that a handler failed', bug);
  }
}

function tellEnded(handling: Handling): void {
  try {
    handling.end();
  } catch (bug) {
    report('tell that a handler ended', bug);
  }
}
