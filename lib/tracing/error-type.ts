import { isNativeError } from 'node:util/types';
import { ERROR_TYPE_OTHER } from './semconv.js';

const DEEPEST = 16;

/**
 * The low-cardinality name of an error for `error.type`: of the deepest cause, the broker's own code where kafkajs gives
 * one (`UNKNOWN_TOPIC_OR_PARTITION`), else its name, else `_OTHER`. Never a message.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/attributes-registry/error/
 * @internal
 */
export function errorType(error: unknown): string {
  const cause = deepestCause(error);
  if (!isError(cause)) {
    return ERROR_TYPE_OTHER;
  }
  const type = (cause as { readonly type?: unknown }).type;
  return cause.name === 'KafkaJSProtocolError' && typeof type === 'string'
    ? type
    : cause.name || ERROR_TYPE_OTHER;
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
