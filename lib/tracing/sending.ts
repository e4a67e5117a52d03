import { type Span, SpanStatusCode } from '@opentelemetry/api';
import type { SpanAttributes } from './attributes.js';
import { errorMessage, errorType, isError } from './error-type.js';
import { attempt } from './fail-open.js';
import { ERROR_TYPE } from './semconv.js';

/**
 * One send under way. The tracer starts its span, the driver's outcome ends it; it is never active.
 *
 * @internal
 */
export class Sending {
  readonly #span: Span | undefined;
  readonly #attributes: SpanAttributes;

  /** @param headers what the message is to be sent with: the caller's own object where nothing is written */
  constructor(
    span: Span | undefined,
    readonly headers: unknown,
    attributes: SpanAttributes,
  ) {
    this.#span = span;
    this.#attributes = attributes;
  }

  /** Whether somebody has to say how it ended. */
  get isRecording(): boolean {
    return this.#span !== undefined && attempt('ask the send span', () => this.#span?.isRecording()) === true;
  }

  succeeded(partition: number | undefined, offset: string | undefined): void {
    attempt('set attributes', () =>
      this.#span?.setAttributes(this.#attributes.ofPosition(partition, offset)),
    );
    this.#end();
  }

  failed(error: unknown): void {
    attempt('set the status of the send span', () => {
      this.#span?.setAttribute(ERROR_TYPE, errorType(error));
      this.#span?.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
      this.#span?.recordException(isError(error) ? error : errorMessage(error));
    });
    this.#end();
  }

  #end(): void {
    attempt('end the send span', () => this.#span?.end());
  }
}
