import { isNativeError } from 'node:util/types';
import { attempt } from './fail-open.js';
import { ERROR_TYPE_OTHER } from './semconv.js';

const DEEPEST = 16;

/** How many names, and as many broker codes, a process tells apart. Applications have tens, Kafka has about 130. */
const MOST_TYPES = 200;

// Apart, so that names that are made up on the fly leave the broker's codes alone.
const names = new Set<string>();
const brokerCodes = new Set<string>();

/**
 * The low-cardinality name of an error for `error.type`: of the deepest cause, the broker's own code where kafkajs gives
 * one (`UNKNOWN_TOPIC_OR_PARTITION`), else its name, else `_OTHER`. Never a message. When a process has seen 200 names,
 * a further one is `_OTHER`, too.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/attributes-registry/error/
 * @internal
 */
export function errorType(error: unknown): string {
  return attempt('name an error', () => typeOf(deepestCause(error))) ?? ERROR_TYPE_OTHER;
}

function typeOf(cause: unknown): string {
  if (!isError(cause)) {
    return ERROR_TYPE_OTHER;
  }
  const { name, type } = cause as { readonly name: unknown; readonly type?: unknown };
  return name === 'KafkaJSProtocolError' && typeof type === 'string'
    ? known(type, brokerCodes)
    : known(name, names);
}

function known(type: unknown, types: Set<string>): string {
  if (typeof type !== 'string' || type === '') {
    return ERROR_TYPE_OTHER;
  }
  if (!types.has(type)) {
    if (types.size >= MOST_TYPES) {
      return ERROR_TYPE_OTHER;
    }
    types.add(type);
  }
  return type;
}

/**
 * An error's own words; of a plain object, such as Nest's `{ status, message }`, those of its `message`.
 *
 * @internal
 */
export function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    const { message } = error as { readonly message?: unknown };
    return typeof message === 'string' ? message : '';
  }
  return String(error);
}

/**
 * Also for an error of another realm, such as one that Node makes while Jest runs a test.
 *
 * @internal
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value);
}

function deepestCause(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const cause = isError(current) ? current.cause : undefined;
    if (!isError(cause)) {
      return current;
    }
    current = cause;
  }
  return current;
}
