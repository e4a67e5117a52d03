import { textOfAttribute } from '../model/attribute-text.js';
import type { JoinedTraces } from '../model/joined-traces.js';
import { nanosInKafka, sendStartOf } from '../model/kafka-hop.js';
import {
  attemptOf,
  byStart,
  type Attributes,
  type AttributeValue,
  durationOf,
  exceptionOf,
  type Span,
  type SpanReference,
} from '../model/span.js';
import { type FindSpan, type PlacedSpan, placeSpans } from '../model/span-tree.js';
import type { TraceStore } from '../model/trace-store.js';
import type { KafkaHop, LinkedSpan, TraceSummary, Waterfall, WaterfallRow } from '../page/page-api.js';
import { shortened } from './shortened.js';
import { millisecondsOf, timeOf } from './times.js';

/** A batch can have more links than anybody looks at. */
const MAX_LINKS = 200;

/** Joined traces as the rows that the page draws. */
export function waterfallOf(
  { traces, omittedSpans, omittedTraces }: JoinedTraces,
  summaries: readonly TraceSummary[],
  store: TraceStore,
): Waterfall {
  const spans = traces.flatMap((trace) => trace.spans).toSorted(byStart);
  const starts = spans.map(({ startUnixNano }) => startUnixNano);
  const ends = spans.map(({ endUnixNano }) => endUnixNano);
  const start = starts.reduce((one, other) => (one < other ? one : other), starts[0] ?? 0n);
  const end = ends.reduce((one, other) => (one > other ? one : other), start);
  return {
    traceId: traces[0]?.traceId ?? '',
    traces: summaries,
    start: timeOf(start),
    duration: millisecondsOf(end - start),
    rows: placeSpans(spans, { joinLinks: true }).map((placed) => rowOf(placed, store)),
    omittedSpans,
    omittedTraces,
  };
}

function rowOf({ span, depth, placedBy, orphan }: PlacedSpan, store: TraceStore): WaterfallRow {
  const find: FindSpan = (reference) => store.span(reference);
  const error = span.status.code === 'ERROR' ? { error: failureOf(span) } : {};
  const exception = error.error === undefined ? exceptionOf(span) : undefined;
  const attempt = attemptOf(span);
  const hop = hopOf(span, find);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    name: shortened(span.name),
    kind: span.kind,
    service: shortened(span.serviceName),
    scope: shortened([span.scope.name, span.scope.version].filter(Boolean).join(' ')),
    depth,
    placedBy,
    orphan,
    start: timeOf(span.startUnixNano),
    duration: millisecondsOf(durationOf(span)),
    ...error,
    ...(exception !== undefined && { exception: shortened(exception) }),
    ...(attempt > 1 && { attempt }),
    ...(hop && { kafka: hop }),
    links: span.links.slice(0, MAX_LINKS).map((link) => linked(link, find(link))),
    linkedFrom: store
      .spansLinkingTo(span)
      .slice(0, MAX_LINKS)
      .map((source) => linked(source, source)),
    attributes: pairsOf(span.attributes),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name: shortened(name),
      time: timeOf(timeUnixNano),
      attributes: pairsOf(attributes),
    })),
  };
}

function failureOf({ attributes, status }: Span): string {
  const type = attributes['error.type'];
  return shortened(
    [typeof type === 'string' ? type : '', status.message].filter(Boolean).join(': ') || 'failed',
  );
}

/** The names of today's conventions, and the older ones. */
function hopOf(span: Span, find: FindSpan): KafkaHop | undefined {
  const { kind, attributes } = span;
  const isKafka = (attributes['messaging.system.name'] ?? attributes['messaging.system']) === 'kafka';
  if (kind !== 'CONSUMER' || !isKafka) return undefined;
  const sent = sendStartOf(span, find);
  const nanos = nanosInKafka(span, find);
  return {
    ...textUnder('topic', attributes['messaging.destination.name']),
    ...textUnder('partition', attributes['messaging.destination.partition.id']),
    ...textUnder('offset', attributes['kafka.offset'] ?? attributes['messaging.kafka.offset']),
    ...textUnder('group', attributes['messaging.consumer.group.name']),
    ...(sent !== undefined && nanos !== undefined
      ? { sentAt: timeOf(sent), duration: millisecondsOf(nanos) }
      : {}),
  };
}

function textUnder(name: string, value: AttributeValue | undefined): Readonly<Record<string, string>> {
  return typeof value === 'string' || typeof value === 'number' ? { [name]: shortened(String(value)) } : {};
}

function linked({ traceId, spanId }: SpanReference, span: Span | undefined): LinkedSpan {
  return {
    traceId,
    spanId,
    ...(span && { name: shortened(span.name), service: shortened(span.serviceName) }),
  };
}

function pairsOf(attributes: Attributes): readonly (readonly [string, string])[] {
  return Object.entries(attributes).map(
    ([name, value]) => [shortened(name), shortened(textOfAttribute(value))] as const,
  );
}
