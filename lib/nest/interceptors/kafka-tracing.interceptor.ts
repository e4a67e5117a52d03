import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable, catchError, defer, tap } from 'rxjs';
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
      const handling = attempt('trace a handler', () => startHandling(execution));
      return handling === undefined
        ? next.handle().subscribe(subscriber)
        : within(handling.context, () => observed(handling, next).subscribe(subscriber));
    });
  }
}

// Called and subscribed to within the context: only so is it active in the handler, in the stream that it returns, and in
// what others do with that. A filter is no part of the step that failed: it may retry, or send a dead letter.
function observed(handling: Handling, next: CallHandler): Observable<unknown> {
  const { surroundings } = handling;
  return defer(() => next.handle()).pipe(
    tap({ error: (error: unknown) => fail(handling, error), finalize: () => end(handling) }),
    catchError(
      (error: unknown) => new Observable((filters) => within(surroundings, () => filters.error(error))),
    ),
  );
}

// What throws in the middle of the handler's stream would be its outcome.
function fail(handling: Handling, error: unknown): void {
  try {
    handling.fail(error);
  } catch (bug) {
    report('tell that a handler failed', bug);
  }
}

function end(handling: Handling): void {
  try {
    handling.end();
  } catch (bug) {
    report('tell that a handler ended', bug);
  }
}
