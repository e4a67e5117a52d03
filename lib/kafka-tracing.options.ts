import type { Span } from '@opentelemetry/api';
import type { HandledMessage, SentMessage } from './messages.js';
import type { TopicOptions, TopicRule } from './topic.options.js';

/**
 * Which names the attributes have: those of semantic conventions 1.45 (`'latest'`), or also the older ones that
 * today's back ends search for (`'both'`).
 *
 * @publicApi
 */
export type SemconvNames = 'latest' | 'both';

/**
 * How much baggage goes through Kafka, in both directions. Its entries are taken in their order: one that does not fit goes
 * without, as a whole, and a smaller one behind it may still fit. What goes without is counted in
 * `nestjs.kafka.propagation.dropped`.
 *
 * @see https://www.w3.org/TR/baggage/#limits
 * @publicApi
 */
export interface BaggageLimits {
  /**
   * The names that may pass.
   *
   * @default all
   * @example KafkaTracingModule.forRoot({ baggage: { allow: ['tenant'] } })
   */
  readonly allow?: readonly string[];

  /**
   * Entries at most.
   *
   * @default 64
   * @example KafkaTracingModule.forRoot({ baggage: { maxEntries: 8 } })
   */
  readonly maxEntries?: number;

  /**
   * Bytes at most, as encoded in the header.
   *
   * @default 8192
   * @example KafkaTracingModule.forRoot({ baggage: { maxBytes: 1024 } })
   */
  readonly maxBytes?: number;
}

/**
 * The options of {@link KafkaTracingModule.forRoot}. Every one has a default that suits most applications.
 *
 * @publicApi
 */
export interface KafkaTracingModuleOptions extends TopicOptions {
  /**
   * Whether anything is traced. With `false` no span is started, no message changed, and nothing measured. What is done by
   * hand, with `KafkaTracing`, goes on.
   *
   * @default true
   * @example KafkaTracingModule.forRoot({ enabled: process.env.NODE_ENV !== 'test' })
   */
  readonly enabled?: boolean;

  /**
   * Options of some topics. A `@TracedEvent` outranks them for its handler.
   *
   * @default []
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'audit.*', relation: 'link' }] })
   */
  readonly topics?: readonly TopicRule[];

  /**
   * Which attribute names are written.
   *
   * @default what `OTEL_SEMCONV_STABILITY_OPT_IN` says: `'latest'` where its list has `messaging`, else `'both'`
   * @example KafkaTracingModule.forRoot({ semconv: 'latest' })
   */
  readonly semconv?: SemconvNames;

  /**
   * The name of a header that carries the trace id, for consumers that log it but do not trace; `false` for none.
   * A header of that name that the message already has is kept.
   *
   * @default false
   * @example KafkaTracingModule.forRoot({ correlationId: 'correlation_id' })
   */
  readonly correlationId?: string | false;

  /**
   * How many messages of one send have a `create` span each. A larger send has one span, as with `batch: 'single'`.
   *
   * @default 100
   * @example KafkaTracingModule.forRoot({ maxCreateSpans: 1_000 })
   */
  readonly maxCreateSpans?: number;

  /**
   * How many links a span of a batch has at most; the first ones. An SDK has a limit of its own, usually 128.
   *
   * @default 128
   * @example KafkaTracingModule.forRoot({ maxLinks: 32 })
   */
  readonly maxLinks?: number;

  /**
   * How much baggage goes through Kafka, in both directions. A message that carries a context of its own goes out as it is.
   *
   * @default { maxEntries: 64, maxBytes: 8192 }
   * @example KafkaTracingModule.forRoot({ baggage: { allow: ['tenant'] } })
   */
  readonly baggage?: BaggageLimits;

  /**
   * How many bytes of tracestate go through Kafka, in both directions. What is over goes without, the oldest entries first.
   *
   * @default 512
   * @example KafkaTracingModule.forRoot({ maxTracestateBytes: 256 })
   * @see https://www.w3.org/TR/trace-context/#tracestate-limits
   */
  readonly maxTracestateBytes?: number;

  /**
   * Headers to write as attributes, in any letter case: `messaging.header.<name>`, an array of strings. Values that are no
   * text, or longer than 256 characters, are left out.
   *
   * @default []
   * @example KafkaTracingModule.forRoot({ captureHeaders: ['x-tenant'] })
   */
  readonly captureHeaders?: readonly string[];

  /**
   * Whether the size of a message's value is written as `messaging.message.body.size`, in bytes.
   *
   * @default false
   * @example KafkaTracingModule.forRoot({ bodySize: true })
   */
  readonly bodySize?: boolean;

  /**
   * Whether an error that a delivery ended with is a failure of its span (`'error'`), or is part of the business
   * (`'expected'`): then it is recorded, and the status stays unset. It is asked for failures only. What it throws counts
   * as `'error'`.
   *
   * @default every error is a failure
   * @example KafkaTracingModule.forRoot({ classifyError: (error) => (error instanceof OutOfStock ? 'expected' : 'error') })
   */
  readonly classifyError?: (error: unknown, topic: string) => 'error' | 'expected';

  /**
   * May add attributes to the span of a message that is sent: its `send` span, or its `create` span in a batch. Called
   * only for a span that is recorded. What it throws is reported through `diag`.
   *
   * @default none
   * @example KafkaTracingModule.forRoot({ onSend: (span, { topic }) => span.setAttribute('team', teamOf(topic)) })
   */
  readonly onSend?: (span: Span, sent: SentMessage) => void;

  /**
   * May add attributes to the process span of a message. Called before its handler, only for a span that is recorded. What
   * it throws is reported through `diag`.
   *
   * @default none
   * @example KafkaTracingModule.forRoot({ onProcess: (span, { topic }) => span.setAttribute('team', teamOf(topic)) })
   */
  readonly onProcess?: (span: Span, handled: HandledMessage) => void;

  /**
   * Milliseconds that `app.close()` waits, at most, until open spans have ended and spans and metrics are exported. With `0`
   * it waits for nothing, and leaves the export to you.
   *
   * @default 5_000
   * @example KafkaTracingModule.forRoot({ shutdownTimeoutMs: 2_000 })
   */
  readonly shutdownTimeoutMs?: number;
}
