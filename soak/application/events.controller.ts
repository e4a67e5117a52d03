import { Controller } from '@nestjs/common';
import { Ctx, KafkaContext, KafkaRetriableException, Payload } from '@nestjs/microservices';
import { KafkaTracing, TracedEvent } from 'nestjs-kafka-tracing';
import { setTimeout as delay } from 'node:timers/promises';
import { type Observable, catchError, defer, from, of, tap, throwError, timeout } from 'rxjs';
import { type EventFate, fateOfEvent } from '../workload/fates.js';
import { HangingCall, PATIENCE_MS, SLOW_MS } from '../workload/hang.js';
import { Ledger } from '../workload/ledger.js';
import { DEAD_LETTERS, EVENTS } from '../workload/topics.js';
import { type Numbered, numberOf } from './numbered.js';

/** The span of the business step. */
export const STEP = 'handle_event';

/** Handles events as their numbers say: it succeeds, fails, hangs, or gives up. */
@Controller()
export class EventsController {
  constructor(
    private readonly ledger: Ledger,
    private readonly tracing: KafkaTracing,
  ) {}

  @TracedEvent(EVENTS, {
    span: STEP,
    attributes: (payload) => ({ 'soak.number': (payload as Numbered).number }),
  })
  handle(@Payload() payload: unknown, @Ctx() context: KafkaContext): Observable<unknown> {
    const number = numberOf(payload);
    const attempt = this.ledger.deliver(number);
    const fate = fateOfEvent(number);
    this.ledger.counts.eventDeliveries += 1;
    return this.outcome(fate, attempt, context).pipe(
      tap({
        complete: () => {
          if (fate !== 'is a dead letter') this.ledger.settle(number);
        },
      }),
      catchError((error: unknown) => {
        this.ledger.counts.failedEvents += 1;
        return throwError(() => error);
      }),
    );
  }

  @TracedEvent(DEAD_LETTERS)
  bury(@Payload() payload: unknown): void {
    this.ledger.counts.deadLetterDeliveries += 1;
    this.ledger.settle(numberOf(payload));
  }

  private outcome(fate: EventFate, attempt: number, context: KafkaContext): Observable<unknown> {
    switch (fate) {
      case 'succeeds':
        return of(undefined);
      case 'is slow':
        return defer(() => delay(SLOW_MS));
      case 'hangs':
        return attempt === 1 ? this.hangs() : of(undefined);
      case 'is retried':
        return attempt === 1 ? failed(new KafkaRetriableException('once more')) : of(undefined);
      case 'is a dead letter':
        return attempt < 3 ? failed(new Error('cannot be handled')) : this.deadLetter(context);
      default:
        return attempt <= (fate === 'fails once' ? 1 : 2) ? failed(new Error(fate)) : of(undefined);
    }
  }

  private hangs(): Observable<unknown> {
    const call = new HangingCall(this.ledger);
    return from(call.answer).pipe(timeout(PATIENCE_MS), tap({ error: () => call.givenUp() }));
  }

  private deadLetter(context: KafkaContext): Observable<unknown> {
    this.ledger.counts.deadLetters += 1;
    const record = this.tracing.deadLetter(context, new Error('cannot be handled'), DEAD_LETTERS);
    return from(context.getProducer().send(record));
  }
}

function failed(error: unknown): Observable<never> {
  return throwError(() => error);
}
