/**
 * The base of every error of the module, of `traceKafka` and of the decorator.
 *
 * All of them are raised while an application starts; none is ever raised for a message. The test kit has an error of its own,
 * as it knows nothing of the module.
 *
 * @publicApi
 */
export abstract class KafkaTracingError extends Error {
  /** A stable identifier, safe to compare against. */
  abstract readonly code: string;

  /**
   * @param message what is wrong, the offending value included
   * @param value the offending value itself
   * @param cure what to do about it, one sentence
   */
  constructor(
    message: string,
    readonly value: unknown,
    readonly cure: string,
  ) {
    super(`${message}. ${cure}`);
    this.name = new.target.name;
  }
}
