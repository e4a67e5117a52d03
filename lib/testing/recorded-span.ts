import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';

/**
 * A span as a test reads it: the part of the SDK's `ReadableSpan` that SDK 2.x and 3.x share, so that a span of either is
 * one.
 *
 * @experimental
 * @publicApi
 */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** In the order in which they were added. */
  readonly links: readonly Link[];
  readonly events: readonly RecordedEvent[];
  readonly status: SpanStatus;
  /** Seconds since the epoch, and nanoseconds of that second. */
  readonly startTime: HrTime;
  /** As `startTime`; zeros while the span is open. */
  readonly endTime: HrTime;
  /** Seconds and nanoseconds. */
  readonly duration: HrTime;
  /** Who made the span: `nestjs-kafka-tracing`, or a tracer of the application. */
  readonly instrumentationScope: { readonly name: string; readonly version?: string | undefined };
  /** What made the span: the service, the process. */
  readonly resource?: { readonly attributes: Attributes };
  /** The span's own ids. */
  spanContext(): SpanContext;
  /** The ids of its parent; `undefined` where the span is the root of its trace. */
  readonly parentSpanContext?: SpanContext | undefined;
}

/**
 * Something that happened within a {@link RecordedSpan}, such as an exception.
 *
 * @experimental
 * @publicApi
 */
export interface RecordedEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes?: Attributes | undefined;
}
