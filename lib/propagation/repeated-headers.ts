import { type ContextFields, contextFields } from './context-fields.js';
import { namesakes, ownNames, setHeader } from './header-names.js';
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
  const fields = contextFields();
  try {
    return withoutRepetition(headers, fields);
  } catch {
    return headers; // A hostile carrier, such as one whose property getters throw.
  }
}

function withoutRepetition(headers: KafkaHeaders, fields: ContextFields): KafkaHeaders {
  const names = ownNames(headers);
  const values = new Map<string, readonly [name: string, value: string]>();
  for (const name of names) {
    const field = fields(name);
    const value = field?.kind === 'span' ? kafkaHeadersGetter.get(headers, field.name) : undefined;
    if (field !== undefined && typeof value === 'string' && !isOnly(headers, name, value)) {
      values.set(name, [field.name, value]);
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
function isOnly(headers: KafkaHeaders, name: string, value: string): boolean {
  const given = headers[name];
  const only: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  return (
    (typeof only === 'string' || Buffer.isBuffer(only)) &&
    headerText(only)?.trim() === value.trim() &&
    namesakes(headers, name).length === 1
  );
}
