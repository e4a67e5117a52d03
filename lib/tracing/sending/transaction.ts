import { type Context, SpanKind } from '@opentelemetry/api';
import type { KafkaEndpoint } from '../attributes.js';
import { errorType } from '../error-type.js';
import { attempt } from '../fail-open.js';
import { NESTJS_KAFKA_TRANSACTIONAL_ID, NESTJS_KAFKA_TRANSACTION_OUTCOME } from '../semconv.js';
import { type Caller, callerOf, isTraced } from './caller.js';
import { isSameSpan } from '../links.js';
import { spanContextOf } from '../span-starter.js';
import { NO_SPAN, type TracedSpan } from '../traced-span.js';
import type { TracingCore } from '../tracing-core.js';

/**
 * A transaction under way. The tracer starts its span when it begins; it ends when the transaction is committed or aborted,
 * or when neither will happen any more. It is never active.
 *
 * @internal
 */
export class Transaction {
  readonly #span: TracedSpan;
  readonly #begunIn: Context;
  #failure: { readonly error: unknown } | undefined;

  constructor(span: TracedSpan, begunIn: Context) {
    this.#span = span;
    this.#begunIn = begunIn;
  }

  /** Whether somebody has to say how it ended. */
  get isRecording(): boolean {
    return this.#span.isRecording;
  }

  /**
   * Where a send of this transaction comes from: the transaction itself, in the span in which it was begun; in another one
   * that, and it is linked to the transaction.
   */
  callerIn(active: Context): Caller {
    const { spanContext } = this.#span;
    if (spanContext === undefined) {
      return { active, parent: active, links: [] };
    }
    const current = spanContextOf(active);
    return current === undefined || isSameSpan(current, spanContextOf(this.#begunIn))
      ? { active, parent: this.#span.in(active), links: [] }
      : { active, parent: active, links: [spanContext] };
  }

  committed(): void {
    this.#failure = undefined; // An earlier attempt to commit may have failed.
    this.#end('committed');
  }

  aborted(): void {
    this.#end('aborted');
  }

  /** An attempt to end it failed. There may be another one. */
  failed(error: unknown): void {
    this.#failure = { error };
    this.#span.recordException(error);
  }

  /** It could not be begun. */
  refused(error: unknown): void {
    this.failed(error);
    this.#end();
  }

  /** Nobody can end it any more: its producer is disconnected, or the driver refuses to after a failed attempt. */
  left(): void {
    this.#failure ??= { error: 'The transaction was neither committed nor aborted.' };
    this.#end('left');
  }

  #end(outcome?: 'committed' | 'aborted' | 'left'): void {
    if (outcome !== undefined) {
      this.#span.setAttributes({ [NESTJS_KAFKA_TRANSACTION_OUTCOME]: outcome });
    }
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      attempt('set the status of the transaction span', () => this.#span.fail(errorType(error), error));
    }
    this.#span.end();
  }
}

/** @internal */
export function startTransaction(
  core: TracingCore,
  endpoint: KafkaEndpoint,
  transactionalId: string | undefined,
): Transaction {
  const caller = callerOf(undefined);
  const { active } = caller;
  if (!isTraced(core.options, caller)) {
    return new Transaction(NO_SPAN, active);
  }
  const attributes = attempt('describe a transaction', () => ({
    ...core.attributes.ofEndpoint(endpoint),
    ...(transactionalId === undefined ? {} : { [NESTJS_KAFKA_TRANSACTIONAL_ID]: transactionalId }),
  }));
  const options = { kind: SpanKind.INTERNAL, attributes: attributes ?? {} };
  return new Transaction(core.spans.start('transaction span', 'transaction', options, active), active);
}
