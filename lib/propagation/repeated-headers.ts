import { type ContextField, namesByField } from './context-fields.js';
import { ownNames, setHeader } from './header-names.js';
import { type KafkaHeaders, headerText, isCarrier, kafkaHeadersGetter } from './kafka-headers.js';

/**
 * The same headers with one span context. Where a header that says which span is repeated, or is of a shape that kafkajs
 * cannot write, it becomes the value that the propagator reads, in its place; the very same object where there is none.
 *
 * @internal
 */
export function headersWithOneSpanContext(headers: unknown): unknown {
  if (!isCarrier(headers)) {
    return headers;
  }
  const names = ownNames(headers);
  const byField = namesByField(names);
  try {
    return withoutRepetition(headers, names, byField);
  } catch {
    return headers; // A hostile carrier, such as one whose property getters throw.
  }
}

function withoutRepetition(
  headers: KafkaHeaders,
  names: readonly string[],
  byField: ReadonlyMap<ContextField, readonly string[]>,
): KafkaHeaders {
  const values = new Map<string, readonly [name: string, value: string]>();
  for (const [field, namesakes] of byField) {
    const value = field.kind === 'span' ? kafkaHeadersGetter.get(headers, field.name) : undefined;
    if (typeof value === 'string' && !isOnly(headers, namesakes, value)) {
      namesakes.forEach((name) => values.set(name, [field.name, value]));
    }
  }
  if (values.size === 0) {
    return headers;
  }
  const copy: Record<string, unknown> = {};
  for (const own of names) {
    const [name, value] = values.get(own) ?? [own, headers[own]];
    setHeader(copy, name, value);
  }
  return copy;
}

/** Whether the header stands once, with this value, as kafkajs writes it. */
function isOnly(headers: KafkaHeaders, namesakes: readonly string[], value: string): boolean {
  const [name, another] = namesakes;
  if (name === undefined || another !== undefined) {
    return false;
  }
  const given = headers[name];
  const only: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  return (typeof only === 'string' || Buffer.isBuffer(only)) && headerText(only)?.trim() === value.trim();
}
