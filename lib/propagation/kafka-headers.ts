import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { isNamesake, ownNames, removeHeader, setHeader } from './header-names.js';

/**
 * Kafka headers as they are met in a Node process: of kafkajs (strings, Buffers, arrays of them where a header is
 * repeated), of Nest's parser (strings, repeated ones joined with commas, JSON parsed), of a database row.
 *
 * @publicApi
 */
export type KafkaHeaders = Readonly<Record<string, unknown>>;

/**
 * Reads headers of any shape for a propagator: in any letter case, as strings, and of a repeated header the last valid value;
 * of a tracestate or baggage the whole members in its first 16,384 characters, of a header that says which span the whole
 * values in its last 16,384. It never throws.
 *
 * @example propagation.extract(ROOT_CONTEXT, message.headers, kafkaHeadersGetter)
 * @see https://opentelemetry.io/docs/specs/otel/context/api-propagators/#getter-argument
 * @publicApi
 */
export const kafkaHeadersGetter: TextMapGetter<KafkaHeaders | null | undefined> = {
  keys: (headers) => (isCarrier(headers) ? ownNames(headers) : []),
  get: (headers, key) => (isCarrier(headers) ? valueIn(headers, ownNames(headers), key) : undefined),
};

/**
 * Headers, and their names, which are listed once: a propagator asks for several.
 *
 * @internal
 */
export interface ListedHeaders {
  readonly headers: KafkaHeaders;
  readonly names: readonly string[];
}

/**
 * As {@link kafkaHeadersGetter} reads them.
 *
 * @internal
 */
export const listedHeadersGetter: TextMapGetter<ListedHeaders> = {
  keys: ({ names }) => [...names],
  get: ({ headers, names }, key) => valueIn(headers, names, key),
};

function valueIn(headers: KafkaHeaders, names: readonly string[], key: string): string | undefined {
  try {
    let only: string | undefined;
    for (const name of names) {
      if (isNamesake(name, key)) {
        if (only !== undefined) {
          return lastValidOf(key, valuesOf(headers, names, key).toReversed());
        }
        only = name;
      }
    }
    const value = only === undefined ? undefined : headers[only];
    return Array.isArray(value) ? lastValidOf(key, value.toReversed()) : lastValid(key, value);
  } catch {
    return undefined; // A hostile carrier, such as one whose property getters throw.
  }
}

/** Of one name in several letter cases. */
function valuesOf(headers: KafkaHeaders, names: readonly string[], key: string): readonly unknown[] {
  return names.filter((name) => isNamesake(name, key)).flatMap((name) => headers[name]);
}

/**
 * Writes a header for a propagator. It replaces the header of that name in every letter case, so that there is never a
 * second one on the wire. It never throws: on a carrier that cannot be extended, such as a frozen one, it does nothing, and
 * neither does it with a value that is no string, which kafkajs would refuse.
 *
 * @example propagation.inject(context.active(), headers, kafkaHeadersSetter)
 * @see https://opentelemetry.io/docs/specs/otel/context/api-propagators/#setter-argument
 * @publicApi
 */
export const kafkaHeadersSetter: TextMapSetter<Record<string, unknown>> = {
  set(headers, key, value) {
    try {
      if (typeof value === 'string' && isCarrier(headers) && Object.isExtensible(headers)) {
        removeHeader(headers, key);
        setHeader(headers, key, value);
      }
    } catch {
      // A carrier that cannot be written to: the message goes out without this header.
    }
  },
};

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
  if (Buffer.isBuffer(value)) {
    return value.toString('utf8');
  }
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  }
  return isSerializedBuffer(value) ? Buffer.from(value.data).toString('utf8') : undefined;
}

// Headers whose value never holds a comma: one that does is a repeated header that Nest's KafkaParser has joined.
const NEVER_A_LIST = /^(traceparent|b3|x-b3-.*|uber-trace-id)$/i;

function isNeverAList(key: string): boolean {
  return key === 'traceparent' || NEVER_A_LIST.test(key);
}

const LIST = /^(tracestate|baggage)$/i;

/** @see https://www.w3.org/TR/trace-context/#versioning-of-traceparent: version 00 ends after the flags */
const TRACEPARENT = /^(?!ff|00-.{52}-)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;

/** Of a header that stands once. */
function lastValid(key: string, value: unknown): string | undefined {
  const text = headerText(value);
  if (text === undefined || !isOnlyOne(text)) {
    return text === undefined ? undefined : lastValidOf(key, [text]);
  }
  return isNeverAList(key) ? text.trim() : text;
}

/** As of most messages: there is nothing to choose from. */
function isOnlyOne(text: string): boolean {
  return text.length <= MOST_CHARACTERS && !text.includes(',');
}

function lastValidOf(key: string, valuesFromTheLast: readonly unknown[]): string | undefined {
  if (valuesFromTheLast.length === 0) {
    return undefined;
  }
  const candidatesIn = candidatesOf(key);
  const isValid = key.toLowerCase() === 'traceparent' ? isTraceparent : isFilled;
  let last: string | undefined;
  for (const value of valuesFromTheLast) {
    const text = headerText(value);
    if (text === undefined) {
      continue;
    }
    const candidates = candidatesIn(text);
    const found = candidates.find(isValid);
    if (found !== undefined) {
      return found;
    }
    last ??= candidates[0];
  }
  return last;
}

function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value);
}

function isFilled(value: string): boolean {
  return value !== '';
}

function candidatesOf(key: string): (text: string) => readonly string[] {
  if (isNeverAList(key)) {
    return joinedInFromTheLast;
  }
  return LIST.test(key) ? (text) => [beginningOfList(text)] : (text) => [text];
}

// Characters: as many as an HTTP server of Node takes for all headers together. Somebody may send a megabyte, and a
// propagator may spend seconds on it: a baggage of broken escapes was seen to take five.
const MOST_CHARACTERS = 16_384;

function joinedInFromTheLast(text: string): readonly string[] {
  if (isOnlyOne(text)) {
    return [text.trim()];
  }
  const parts = text.slice(-MOST_CHARACTERS).split(',');
  const whole = text.length <= MOST_CHARACTERS ? parts : parts.slice(1);
  return whole.map((part) => part.trim()).toReversed();
}

function beginningOfList(text: string): string {
  return text.length <= MOST_CHARACTERS
    ? text
    : text.slice(0, Math.max(0, text.lastIndexOf(',', MOST_CHARACTERS)));
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
