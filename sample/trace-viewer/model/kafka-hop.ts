import { isSameSpan, type Span } from './span.js';
import type { FindSpan } from './span-tree.js';

/**
 * When the send of a consumer's message began; of a batch the earliest one. Undefined where no send of it is known.
 */
export function sendStartOf(consumer: Span, find: FindSpan): bigint | undefined {
  if (consumer.kind !== 'CONSUMER') return undefined;
  const parent = consumer.parentSpanId && { traceId: consumer.traceId, spanId: consumer.parentSpanId };
  const origins = parent ? [parent, ...consumer.links] : consumer.links;
  const starts = origins
    .filter((origin) => !isSameSpan(origin, consumer))
    .map(find)
    .filter((span) => span !== undefined && isSend(span))
    .map((span) => (span as Span).startUnixNano);
  return starts.length === 0 ? undefined : starts.reduce((one, other) => (one < other ? one : other));
}

/**
 * How long a message was on its way: from the start of the producer's span to the start of the consumer's. Not from
 * the producer's end, which is the broker's answer: a fast consumer has the message before the producer has that.
 * Of a batch the longest time counts. Clocks of two machines differ, so it is never below 0.
 */
export function nanosInKafka(consumer: Span, find: FindSpan): bigint | undefined {
  const sent = sendStartOf(consumer, find);
  if (sent === undefined) return undefined;
  return consumer.startUnixNano > sent ? consumer.startUnixNano - sent : 0n;
}

/** A send that keeps a creation context somebody else put on the message is a CLIENT span. */
function isSend(span: Span): boolean {
  return (
    span.kind === 'PRODUCER' ||
    (span.kind === 'CLIENT' && span.attributes['messaging.operation.type'] === 'send')
  );
}
