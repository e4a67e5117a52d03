import { type Attributes, type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { errorMessage, errorType } from './error-type.js';
import { attempt } from './fail-open.js';
import { ERROR_TYPE } from './semconv.js';

/**
 * The business step of a handler, a child of the process span. The interceptor starts it before the handler and ends it
 * when the handler's stream is done; its context is active in both.
 *
 * @internal
 */
export class Step {
  readonly #span: Span | undefined;

  constructor(
    span: Span | undefined,
    readonly context: Context,
  ) {
    this.#span = span;
  }

  get isRecording(): boolean {
    return this.#span !== undefined && attempt('ask the step span', () => this.#span?.isRecording()) === true;
  }

  setAttributes(attributes: Attributes): void {
    attempt('set attributes', () => this.#span?.setAttributes(attributes));
  }

  /** The exception itself is recorded once, on the process span. */
  fail(error: unknown): void {
    attempt('set the status of the step span', () => {
      this.#span?.setAttribute(ERROR_TYPE, errorType(error));
      this.#span?.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
    });
  }

  end(): void {
    attempt('end the step span', () => this.#span?.end());
  }
}
