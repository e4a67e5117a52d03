import type { Attributes, AttributeValue, Span } from './span.js';

/** Of an object with its fields, and of an entry of a record. */
const OBJECT_BYTES = 200;
const ENTRY_BYTES = 40;
/** A link has a place in the index by targets as well. */
const LINK_BYTES = 400;

/** About how much memory a span takes. Rather too much: text that is plain Latin takes half of what is counted here. */
export function bytesOfSpan({ name, serviceName, scope, status, attributes, links, events }: Span): number {
  const texts = [name, serviceName, scope.name, scope.version, status.message];
  return (
    3 * OBJECT_BYTES +
    sum(texts.map(ofText)) +
    ofAttributes(attributes) +
    sum(links.map((link) => LINK_BYTES + ofAttributes(link.attributes))) +
    sum(events.map((event) => OBJECT_BYTES + ofText(event.name) + ofAttributes(event.attributes)))
  );
}

function ofAttributes(attributes: Attributes): number {
  return sum(Object.entries(attributes).map(([name, value]) => ENTRY_BYTES + ofText(name) + ofValue(value)));
}

function ofValue(value: AttributeValue): number {
  if (typeof value === 'string') return ofText(value);
  if (typeof value !== 'object' || value === null) return 0;
  return ENTRY_BYTES + ofAttributes(value as Attributes);
}

function ofText(text: string): number {
  return 2 * text.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
