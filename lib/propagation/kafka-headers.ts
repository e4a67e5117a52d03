import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/**
 * Kafka headers as they are met in a Node process: of kafkajs (strings, Buffers, arrays of them where a header is
 * repeated), of Nest's parser (strings, repeated ones joined with commas, JSON parsed), of a database row.
 *
 * @publicApi
 */
export type KafkaHeaders = Readonly<Record<string, unknown>>;

/**
 * Reads headers of any shape for a propagator: in any letter case, as strings, and of a repeated header the last valid value.
 * It never throws.
 *
 * @example propagation.extract(ROOT_CONTEXT, message.headers, kafkaHeadersGetter)
 * @see https://opentelemetry.io/docs/specs/otel/context/api-propagators/#getter-argument
 * @publicApi
 */
export const kafkaHeadersGetter: TextMapGetter<KafkaHeaders | null | undefined> = {
  keys: (headers) => (isCarrier(headers) ? ownNames(headers) : []),
  get(headers, key) {
    if (!isCarrier(headers)) {
      return undefined;
    }
    try {
      return lastValid(key, valuesOf(headers, key));
    } catch {
      return undefined; // A hostile carrier, such as one whose property getters throw.
    }
  },
};

/**
 * Writes a header for a propagator. It replaces the header of that name in every letter case, so that there is never a
 * second one on the wire. It never throws: on a carrier that cannot be extended, such as a frozen one, it does nothing.
 *
 * @example propagation.inject(context.active(), headers, kafkaHeadersSetter)
 * @see https://opentelemetry.io/docs/specs/otel/context/api-propagators/#setter-argument
 * @publicApi
 */
export const kafkaHeadersSetter: TextMapSetter<Record<string, unknown>> = {
  set(headers, key, value) {
    try {
      if (isCarrier(headers) && Object.isExtensible(headers)) {
        removeHeader(headers, key);
        setHeader(headers, key, value);
      }
    } catch {
      // A carrier that cannot be written to: the message goes out without this header.
    }
  },
};

/** @internal */
export function setHeader(headers: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    headers[name] = value;
  }
}

/**
 * Removes the header in every letter case.
 *
 * @internal
 */
export function removeHeader(headers: Record<string, unknown>, name: string): void {
  for (const namesake of namesakes(headers, name)) {
    delete headers[namesake];
  }
}

/**
 * The names, in any letter case, under which the headers have this one.
 *
 * @internal
 */
export function namesakes(headers: KafkaHeaders, name: string): readonly string[] {
  const lower = name.toLowerCase();
  return ownNames(headers).filter((own) => own.length === name.length && own.toLowerCase() === lower);
}

/**
 * Whether this can hold headers: an object, and not one of those that only look like one.
 *
 * @internal
 */
export function isCarrier(headers: unknown): headers is Record<string, unknown> {
  try {
    return typeof headers === 'object' && headers !== null && !Array.isArray(headers);
  } catch {
    return false; // A revoked Proxy.
  }
}

/**
 * A header's value as text; `undefined` for what has none.
 *
 * @internal
 */
export function headerText(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return value;
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  }
  return isSerializedBuffer(value) ? Buffer.from(value.data).toString('utf8') : undefined;
}

function ownNames(headers: KafkaHeaders): string[] {
  try {
    return Object.keys(headers);
  } catch {
    return [];
  }
}

function valuesOf(headers: KafkaHeaders, key: string): readonly string[] {
  const values: string[] = [];
  for (const name of namesakes(headers, key)) {
    const value = headers[name];
    for (const item of Array.isArray(value) ? value : [value]) {
      const text = headerText(item);
      if (text !== undefined) {
        values.push(text);
      }
    }
  }
  return values;
}

// Headers whose value never holds a comma: one that does is a repeated header that Nest's KafkaParser has joined.
const NEVER_A_LIST = /^(traceparent|b3|x-b3-.*|uber-trace-id)$/i;

/** @see https://www.w3.org/TR/trace-context/#versioning-of-traceparent: version 00 ends after the flags */
const TRACEPARENT = /^(?!ff|00-.{52}-)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;

function lastValid(key: string, values: readonly string[]): string | undefined {
  if (values.length === 0) {
    return undefined;
  }
  const candidates = NEVER_A_LIST.test(key) ? values.flatMap(splitJoined) : values;
  return key.toLowerCase() === 'traceparent'
    ? (candidates.findLast((value) => TRACEPARENT.test(value)) ?? candidates.at(-1))
    : (candidates.findLast((value) => value !== '') ?? candidates.at(-1));
}

function splitJoined(value: string): string | readonly string[] {
  return value.includes(',') ? value.split(',').map((part) => part.trim()) : value.trim();
}

/** What JSON makes of a Buffer, as in an outbox table with a JSON column. */
function isSerializedBuffer(value: unknown): value is { readonly data: readonly number[] } {
  return (
    isCarrier(value) &&
    value['type'] === 'Buffer' &&
    Array.isArray(value['data']) &&
    Object.keys(value).length === 2
  );
}
