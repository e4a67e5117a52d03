import { KafkaTracingError } from './kafka-tracing.error.js';

/**
 * `KafkaTracingModule` was imported twice in one application, with different options.
 *
 * @publicApi
 */
export class ConflictingOptionsError extends KafkaTracingError {
  override readonly code = 'KAFKA_TRACING_CONFLICTING_OPTIONS';

  /** @param options the names of the options that differ, each with both values */
  constructor(options: readonly string[]) {
    super(
      `KafkaTracingModule is imported twice in this application with different options: ${options.join('; ')}`,
      options,
      'Import it once, in the root module: it is global.',
    );
  }
}
