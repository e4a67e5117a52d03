import type { AttributeValue } from './span.js';

/** A value in words: lists and maps as JSON, which has no bigints of its own. */
export function textOfAttribute(value: AttributeValue): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
}
