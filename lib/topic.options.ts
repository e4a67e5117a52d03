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
 * What may differ from topic to topic: said for all of them in `KafkaTracingModuleOptions`, for some in a
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
   * The key is set when the span has started: this is the place to mask it, since a sampler and `onStart` do not see it.
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
   * Which topics: a name in which `*` stands for anything, a regular expression, or a function. Asked once for a topic. A
   * function that throws does not match, which is reported through `diag`.
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
