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
  if (!(cause instanceof Error)) {
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

function deepestCause(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const cause = current instanceof Error ? current.cause : undefined;
    if (!(cause instanceof Error)) {
      return current;
    }
    current = cause;
  }
  return current;
}
