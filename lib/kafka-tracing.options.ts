import type { Span } from '@opentelemetry/api';

/**
 * How a process span stands to its message's creation context.
 *
 * - `'both'`: its child, and linked to it.
 * - `'parent'`: its child, without a link.
 * - `'link'`: the root of a trace of its own, linked to it, and sampled on its own.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#trace-structure
 * @publicApi
 */
export type Relation = 'both' | 'parent' | 'link';

/**
 * How far the producers of a topic are trusted. It outranks {@link Relation}.
 *
 * - `'continue'`: their trace goes on, with their sampling decision and their baggage.
 * - `'restart'`: a new trace, linked to theirs, sampled on its own, without their baggage.
 * - `'ignore'`: a new trace without a link.
 *
 * @publicApi
 */
export type Trust = 'continue' | 'restart' | 'ignore';

/**
 * What becomes of a valid context that an outgoing message carries already: kept (`'preserve'`), or replaced by that of the
 * send (`'overwrite'`). The context of the very message that is being handled, copied for a retry or a forward, is replaced
 * either way.
 *
 * @publicApi
 */
export type ExistingContext = 'preserve' | 'overwrite';

/**
 * What a send of several messages looks like.
 *
 * - `'create'`: a `create` span for each message, whose context it carries, and one `send` span that links to them.
 * - `'single'`: one `send` span, whose context all of them carry.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-sending
 * @publicApi
 */
export type BatchSpans = 'create' | 'single';

/**
 * Which names the attributes have: those of semantic conventions 1.45 (`'latest'`), or also the older ones that
 * today's back ends search for (`'both'`).
 *
 * @publicApi
 */
export type SemconvNames = 'latest' | 'both';

/**
 * What may differ from topic to topic: said for all of them in {@link KafkaTracingModuleOptions}, for some in a
 * {@link TopicRule}.
 *
 * @publicApi
 */
export interface TopicOptions {
  /**
   * How a process span stands to the creation context of its message.
   *
   * @default 'both'
   * @example KafkaTracingModule.forRoot({ relation: 'link' })
   */
  readonly relation?: Relation;

  /**
   * How far producers are trusted. Where they are not, nothing that they said of their trace goes on, also in headers that a
   * handler copies.
   *
   * @default 'continue'
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'public.*', trust: 'restart' }] })
   */
  readonly trust?: Trust;

  /**
   * What becomes of a context that an outgoing message carries already. That of what is being handled, as in headers that a
   * handler copies, is replaced either way. Across a queue in memory that loses the active context it cannot be told from
   * another, and is kept.
   *
   * @default 'preserve'
   * @example KafkaTracingModule.forRoot({ existingContext: 'overwrite' })
   */
  readonly existingContext?: ExistingContext;

  /**
   * Whether a send has a span only where another one is active. Without one, as in a poller, the message goes out with what
   * context there is.
   *
   * @default false
   * @example KafkaTracingModule.forRoot({ requireParent: true })
   */
  readonly requireParent?: boolean;

  /**
   * What a send of several messages looks like.
   *
   * @default 'create'
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'metrics.*', batch: 'single' }] })
   */
  readonly batch?: BatchSpans;

  /**
   * Whether there are spans. With `false` the context still goes through: what a handler sends carries on the trace of the
   * message it handles.
   *
   * @default true
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'heartbeats', trace: false }] })
   */
  readonly trace?: boolean;

  /**
   * Whether the context goes through. With `false` a message goes out as it is, and a message that comes in starts a trace of
   * its own, as with `trust: 'ignore'`.
   *
   * @default true
   * @example KafkaTracingModule.forRoot({ topics: [{ match: 'partners.*', propagate: false }] })
   */
  readonly propagate?: boolean;

  /**
   * Whether the key of a message is an attribute: as it is, not at all, or as a function writes it. The function gets text,
   * or bytes where a key is no text; it is called only for a span that is recorded, and what it throws leaves the key out.
   *
   * @default true
   * @example KafkaTracingModule.forRoot({ messageKey: (key) => `${String(key).slice(0, 2)}…` })
   */
  readonly messageKey?: boolean | ((key: string | Buffer) => string | undefined);
}

/**
 * Options of some topics. The first rule that matches a topic counts; what it leaves out, the module's options say.
 *
 * @publicApi
 */
export interface TopicRule extends TopicOptions {
  /**
   * Which topics: a name in which `*` stands for anything, a regular expression, or a function. Asked once for a topic.
   *
   * @example 'audit.*'
   */
  readonly match: string | RegExp | ((topic: string) => boolean);

  /**
   * A low-cardinality name for topics that are made on the fly: it stands in span names, is
   * `messaging.destination.template`, and in metrics stands for the topic's name.
   *
   * @default none: spans are named by the topic
   * @example { match: /^replies-/, template: 'replies-{instance}' }
   */
  readonly template?: string;
}

/**
 * How much baggage goes through Kafka, in both directions. What is over goes without, the last entries first, and is
 * counted in `nestjs.kafka.propagation.dropped`.
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
 * A message that is sent, as kafkajs was given it.
 *
 * @publicApi
 */
export interface SentMessage {
  readonly topic: string;
  readonly message: {
    readonly key?: Buffer | string | null;
    readonly value: Buffer | string | null;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly partition?: number;
    readonly timestamp?: string;
  };
}

/**
 * A message that is handled, as kafkajs received it.
 *
 * @publicApi
 */
export interface HandledMessage {
  readonly topic: string;
  readonly partition: number;
  readonly message: {
    readonly key?: Buffer | null;
    readonly value: Buffer | null;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly offset: string;
    readonly timestamp?: string;
  };
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
