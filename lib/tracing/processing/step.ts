import type { Attributes, Context } from '@opentelemetry/api';
import { errorType } from '../error-type.js';
import { attempt } from '../fail-open.js';
import type { TracedSpan } from '../traced-span.js';

/**
 * The business step of a handler, a child of the process span. The interceptor starts it before the handler and ends it
 * when the handler's stream is done; its context is active in both.
 *
 * @internal
 */
export class Step {
  readonly #span: TracedSpan;
  readonly #isExpected: ((error: unknown) => boolean) | undefined;

  constructor(
    span: TracedSpan,
    readonly context: Context,
    isExpected?: (error: unknown) => boolean,
  ) {
    this.#span = span;
    this.#isExpected = isExpected;
  }

  get isRecording(): boolean {
    return this.#span.isRecording;
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  /** The exception itself is recorded once, on the process span. */
  fail(error: unknown): void {
    if (this.#isExpected?.(error) !== true) {
      attempt('set the status of the step span', () => this.#span.fail(errorType(error), error));
    }
  }

  end(): void {
    this.#span.end();
  }
}
