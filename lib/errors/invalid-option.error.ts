import { inspect } from 'node:util';
import { KafkaTracingError } from './kafka-tracing.error.js';

/**
 * An option has a value that it cannot have, or is not an option at all.
 *
 * @publicApi
 */
export class InvalidOptionError extends KafkaTracingError {
  override readonly code = 'KAFKA_TRACING_INVALID_OPTION';

  /**
   * @param option the option's name
   * @param expected what it may be, as in "to be one of 'both', 'parent'"
   * @param value what it was
   * @param cure what to do about it, one sentence
   */
  constructor(
    readonly option: string,
    expected: string,
    value: unknown,
    cure: string,
  ) {
    super(`Expected \`${option}\` ${expected}, got ${describe(value)}`, value, cure);
  }
}

function describe(value: unknown): string {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return value === null || value === undefined
    ? `\`${type}\``
    : `\`${typeof value === 'string' ? value : inspect(value, { breakLength: Infinity })}\` (${type})`;
}
