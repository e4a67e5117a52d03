import { attemptOf, type AttributeValue, type Span } from '../model/span.js';
import { printable } from './text.js';

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
