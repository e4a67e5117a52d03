export type SpanKind = 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';

export type StatusCode = 'UNSET' | 'OK' | 'ERROR';

/** What OTLP's AnyValue can hold. Integers beyond 2^53 are bigints, bytes are base64 text. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Names one span anywhere. Ids are lower-case hex, as in a traceparent. */
export interface SpanReference {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanLink extends SpanReference {
  readonly attributes: Attributes;
}

export interface SpanEvent {
  readonly name: string;
  readonly timeUnixNano: bigint;
  readonly attributes: Attributes;
}

/** One finished span, the same whether it came as protobuf or as JSON. */
export interface Span extends SpanReference {
  /** Absent on a root. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly serviceName: string;
  /** The library that made the span. */
  readonly scope: { readonly name: string; readonly version: string };
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly attributes: Attributes;
  readonly links: readonly SpanLink[];
  readonly events: readonly SpanEvent[];
  readonly status: { readonly code: StatusCode; readonly message: string };
}

/** The spans that share a trace id, earliest first. */
export interface Trace {
  readonly traceId: string;
  readonly spans: readonly Span[];
}

/** Nanoseconds from start to end; never negative, also when a clock was set back meanwhile. */
export function durationOf(span: Span): bigint {
  const nanos = span.endUnixNano - span.startUnixNano;
  return nanos > 0n ? nanos : 0n;
}

/** Compares, for sorting: the earliest first. */
export function byStart(one: Span, other: Span): number {
  return Number(one.startUnixNano - other.startUnixNano);
}

export function isSameSpan(one: SpanReference, other: SpanReference): boolean {
  return one.spanId === other.spanId && one.traceId === other.traceId;
}

/** Which delivery of its message a span is, from 1 up; the first one does not say so. */
export function attemptOf({ attributes }: Span): number {
  const attempt = attributes['nestjs.kafka.delivery_attempt'];
  return typeof attempt === 'number' ? attempt : 1;
}

/** The first exception that was recorded on a span, in words. */
export function exceptionOf({ events }: Span): string | undefined {
  const exception = events.find(({ name }) => name === 'exception')?.attributes;
  if (!exception) return undefined;
  const words = [exception['exception.type'], exception['exception.message']];
  return (
    words.filter((word): word is string => typeof word === 'string' && word !== '').join(': ') ||
    'an exception'
  );
}
