import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { errorMessage, isError } from './error-type.js';
import { attempt } from './fail-open.js';
import type { OpenSpans } from './open-spans.js';
import { ERROR_TYPE } from './semconv.js';

/**
 * A span of ours, or none: whatever fails in it stays in tracing. Who asked for it ends it.
 *
 * @internal
 */
export class TracedSpan {
  readonly #isRecording: boolean;
  readonly #span: Span | undefined;
  readonly #what: string;
  readonly #open: OpenSpans | undefined;
  #ended = false;

  /** @param what it is called in reports, as in "send span" */
  constructor(what: string, span: Span | undefined, open?: OpenSpans) {
    this.#what = what;
    this.#span = span;
    this.#open = open;
    this.#isRecording = span !== undefined && attempt(`ask the ${what}`, () => span.isRecording()) === true;
    if (this.#isRecording) {
      open?.started();
    }
  }

  /** Whether anything that is said of it is kept. */
  get isRecording(): boolean {
    return this.#isRecording && !this.#ended;
  }

  /** The span itself, for hooks of the user's. */
  get span(): Span | undefined {
    return this.#span;
  }

  get spanContext(): SpanContext | undefined {
    return this.#span === undefined
      ? undefined
      : attempt(`ask the ${this.#what}`, () => this.#span?.spanContext());
  }

  /** A context with this span in it; the very same one where there is no span. */
  in(context: Context): Context {
    return this.#span === undefined ? context : trace.setSpan(context, this.#span);
  }

  setAttributes(attributes: Attributes): void {
    if (this.isRecording) {
      attempt('set attributes', () => this.#span?.setAttributes(attributes));
    }
  }

  recordException(exception: unknown): void {
    if (this.isRecording) {
      attempt('record an exception', () =>
        this.#span?.recordException(isError(exception) ? exception : errorMessage(exception)),
      );
    }
  }

  /** Sets the error status, without recording an exception. */
  fail(errorType: string, error: unknown): void {
    if (this.isRecording) {
      attempt(`set the status of the ${this.#what}`, () => {
        this.#span?.setAttribute(ERROR_TYPE, errorType);
        this.#span?.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
      });
    }
  }

  end(): void {
    if (!this.isRecording) {
      return;
    }
    this.#ended = true;
    attempt(`end the ${this.#what}`, () => this.#span?.end());
    this.#open?.ended();
  }
}

/** @internal */
export const NO_SPAN = new TracedSpan('span', undefined);
