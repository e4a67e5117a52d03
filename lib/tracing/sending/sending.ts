import type { SpanAttributes } from '../attributes.js';
import { report } from '../fail-open.js';
import type { Measurement } from '../metrics/measurement.js';
import type { TracedSpan } from '../traced-span.js';
import { ClientOperation } from './client-operation.js';

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
 * One send under way, of one message or of several. The tracer starts its span, the driver's outcome ends it.
 *
 * @internal
 */
export class Sending extends ClientOperation {
  readonly #attributes: SpanAttributes;
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
    super(span, measured);
    this.#attributes = attributes;
    this.#isSingle = headers.length === 1 && headers[0]?.length === 1;
  }

  /** @param placements one for each topic and partition; none where the broker does not answer (`acks: 0`) */
  override succeeded(placements: readonly Placement[] = []): void {
    const only = placements.length === 1 ? placements[0] : undefined;
    if (only !== undefined && this.span.isRecording) {
      const offset = this.#isSingle ? only.offset : undefined; // Of a batch it would be only the first message's.
      try {
        this.span.setAttributes(this.#attributes.ofPosition(only.partition, offset));
      } catch (error) {
        report('set attributes', error);
      }
    }
    super.succeeded();
  }
}
