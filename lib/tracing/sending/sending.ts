import type { SpanAttributes } from '../attributes.js';
import type { Measurement } from '../metrics/measurement.js';
import type { TracedSpan } from '../traced-span.js';
import { errorType } from '../error-type.js';
import { attempt } from '../fail-open.js';

/**
 * Where the broker put messages: of one topic and partition.
 *
 * @internal
 */
export interface Placement {
  readonly partition?: number | undefined;
  /** The offset of the first message. */
  readonly offset?: string | undefined;
}

/**
 * One send under way, of one message or of several. The tracer starts its span, the driver's outcome ends it; it is never
 * active.
 *
 * @internal
 */
export class Sending {
  readonly #span: TracedSpan;
  readonly #attributes: SpanAttributes;
  readonly #measured: Measurement | undefined;
  readonly #isSingle: boolean;

  /**
   * @param headers what each message is to be sent with, topic by topic: the caller's own object where nothing is written
   */
  constructor(
    span: TracedSpan,
    readonly headers: readonly (readonly unknown[])[],
    attributes: SpanAttributes,
    measured?: Measurement,
  ) {
    this.#span = span;
    this.#attributes = attributes;
    this.#measured = measured;
    this.#isSingle = headers.length === 1 && headers[0]?.length === 1;
  }

  /** Whether somebody has to say how it ended. */
  get isWatched(): boolean {
    return this.#span.isRecording || this.#measured !== undefined;
  }

  /** @param placements one for each topic and partition; none where the broker does not answer (`acks: 0`) */
  succeeded(placements: readonly Placement[]): void {
    const [only, ...others] = placements;
    if (only !== undefined && others.length === 0) {
      const offset = this.#isSingle ? only.offset : undefined; // Of a batch it would be only the first message's.
      this.#span.setAttributes(
        attempt('set attributes', () => this.#attributes.ofPosition(only.partition, offset)) ?? {},
      );
    }
    this.#measured?.();
    this.#span.end();
  }

  failed(error: unknown): void {
    const type = errorType(error);
    this.#span.fail(type, error);
    this.#span.recordException(error);
    this.#measured?.(type);
    this.#span.end();
  }
}
