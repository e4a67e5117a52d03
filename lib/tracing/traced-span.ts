import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { linked } from '../propagation/linked-context.js';
import { errorMessage, isError } from './error-type.js';
import { attempt, report } from './fail-open.js';
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
    this.#isRecording = span !== undefined && isRecording(span, what);
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
    try {
      return this.#span?.spanContext();
    } catch (error) {
      report(`ask the ${this.#what}`, error);
      return undefined;
    }
  }

  /** A context with this span in it; the very same one where there is no span. */
  in(context: Context): Context {
    return this.#span === undefined ? context : trace.setSpan(linked(context), this.#span);
  }

  setAttributes(attributes: Attributes): void {
    if (!this.isRecording) {
      return;
    }
    try {
      this.#span?.setAttributes(attributes);
    } catch (error) {
      report('set attributes', error);
    }
  }

  addLink(context: SpanContext | undefined): void {
    if (context !== undefined && this.isRecording) {
      attempt('add a link', () => this.#span?.addLink({ context }));
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
    try {
      this.#span?.end();
    } catch (error) {
      report(`end the ${this.#what}`, error);
    }
    this.#open?.ended();
  }
}

function isRecording(span: Span, what: string): boolean {
  try {
    return span.isRecording();
  } catch (error) {
    report(`ask the ${what}`, error);
    return false;
  }
}

/** @internal */
export const NO_SPAN = new TracedSpan('span', undefined);
