/**
 * What the server tells the page, as JSON. Points in time are milliseconds since 1970, durations are milliseconds; both have
 * fractions. Types only: the page is plain JavaScript of its own, and shares no code with the server.
 */

/** One line of the list of traces. `GET /api/traces` answers an array, the latest first. */
export interface TraceSummary {
  readonly traceId: string;
  /** The name of the root span, or of the earliest one while that has not arrived. */
  readonly title: string;
  readonly services: readonly string[];
  readonly spanCount: number;
  readonly start: number;
  readonly duration: number;
  /** How many spans have the status ERROR. */
  readonly errorCount: number;
  /** How many deliveries were not the first one of their message. */
  readonly retryCount: number;
  /** How many messages were handled: spans of kind CONSUMER. */
  readonly messageCount: number;
  /** How many other traces are joined to it by links, in either direction. */
  readonly linkedTraceCount: number;
}

/** `GET /api/traces/<trace id>`: a trace, and those that are joined to it by links, as one waterfall. 404 when it is not known. */
export interface Waterfall {
  readonly traceId: string;
  /** The traces that are shown, the one asked for first. */
  readonly traces: readonly TraceSummary[];
  readonly start: number;
  readonly duration: number;
  /** Top down, each below the span that it belongs to. */
  readonly rows: readonly WaterfallRow[];
  /** How many spans or traces were left out, because nobody could look at so many. */
  readonly omittedSpans: number;
  readonly omittedTraces: number;
}

export interface WaterfallRow {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly kind: 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
  readonly service: string;
  /** The library that made the span, with its version. */
  readonly scope: string;
  readonly depth: number;
  /** Why it stands where it stands: below its parent, below a span of another trace that it links to, or at the top. */
  readonly placedBy: 'parent' | 'link' | 'root';
  /** Its parent is not here: not arrived, not sampled, or lost. */
  readonly orphan: boolean;
  readonly start: number;
  readonly duration: number;
  /** Why it failed; absent unless its status is ERROR. */
  readonly error?: string;
  /** An exception that somebody dealt with. */
  readonly exception?: string;
  /** Which delivery of its message it is; absent on the first. */
  readonly attempt?: number;
  /** What a consumer's span tells of its message. */
  readonly kafka?: KafkaHop;
  /** The spans that it links to, and those that link to it. */
  readonly links: readonly LinkedSpan[];
  readonly linkedFrom: readonly LinkedSpan[];
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly events: readonly {
    readonly name: string;
    readonly time: number;
    readonly attributes: readonly (readonly [name: string, value: string])[];
  }[];
}

/** The way of a message through Kafka. */
export interface KafkaHop {
  readonly topic?: string;
  readonly partition?: string;
  readonly offset?: string;
  readonly group?: string;
  /** When its send began, and how long it took from there to the consumer; absent where the send is not here. */
  readonly sentAt?: number;
  readonly duration?: number;
}

export interface LinkedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent where the span is not here. */
  readonly name?: string;
  readonly service?: string;
}

/** How far a group is behind the end of a partition. `GET /api/lag` answers an array. */
export interface LagSeries {
  readonly group: string;
  readonly topic: string;
  readonly partition: string;
  /** Oldest first, a few minutes of them. */
  readonly points: readonly (readonly [time: number, messages: number])[];
}

/**
 * `GET /api/events`, as server-sent events. `traces`: what has changed, everything in the first one. `lag`: an array of
 * {@link LagSeries}, whole each time.
 */
export interface TracesEvent {
  readonly changed: readonly TraceSummary[];
  /** Trace ids that are not held any more. */
  readonly removed: readonly string[];
}

/** `GET /api/sample`; 204, no content, where the viewer serves other processes than the sample's. */
export interface SampleState {
  /** Whether this sample started its broker itself, and so may stop it. */
  readonly controlsBroker: boolean;
  readonly brokerRuns: boolean;
  /** How notification-service relates its process spans to their messages. */
  readonly relation: 'both' | 'parent' | 'link';
}
