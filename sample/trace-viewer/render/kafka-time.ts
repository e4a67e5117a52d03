import { attemptOf, type AttributeValue, isSameSpan, type Span, type SpanReference } from '../model/span.js';
import { printable } from './text.js';

export type FindSpan = (reference: SpanReference) => Span | undefined;

/**
 * How long a message was on its way: from the start of the producer's span to the start of the consumer's. Not from
 * the producer's end, which is the broker's answer: a fast consumer has the message before the producer has that.
 * Of a batch the longest time counts. Clocks of two machines differ, so it is never below 0.
 */
export function nanosInKafka(consumer: Span, find: FindSpan): bigint | undefined {
  if (consumer.kind !== 'CONSUMER') return undefined;
  const parent = consumer.parentSpanId && { traceId: consumer.traceId, spanId: consumer.parentSpanId };
  const origins = parent ? [parent, ...consumer.links] : consumer.links;
  const starts = origins
    .filter((origin) => !isSameSpan(origin, consumer))
    .map(find)
    .filter((span) => span !== undefined && isSend(span))
    .map((span) => (span as Span).startUnixNano);
  if (starts.length === 0) return undefined;
  const earliest = starts.reduce((one, other) => (one < other ? one : other));
  return consumer.startUnixNano > earliest ? consumer.startUnixNano - earliest : 0n;
}

/** A send that keeps a creation context somebody else put on the message is a CLIENT span. */
function isSend(span: Span): boolean {
  return (
    span.kind === 'PRODUCER' ||
    (span.kind === 'CLIENT' && span.attributes['messaging.operation.type'] === 'send')
  );
}

/** Where the message lay, and how often it was handed over if that is more than once: `partition 0, offset 12, attempt 2`. */
export function placeInKafka(span: Span): string {
  const { attributes } = span;
  const attempt = attemptOf(span);
  const partition = attributes['messaging.destination.partition.id'];
  const offset = attributes['kafka.offset'] ?? attributes['messaging.kafka.offset'];
  return [
    ...labelled('partition', partition),
    ...labelled('offset', offset),
    ...labelled('attempt', attempt > 1 ? attempt : undefined),
  ].join(', ');
}

function labelled(label: string, value: AttributeValue | undefined): readonly string[] {
  return typeof value === 'string' || typeof value === 'number' ? [`${label} ${printable(`${value}`)}`] : [];
}
