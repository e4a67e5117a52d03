import { KafkaTracingError } from './kafka-tracing.error.js';

/**
 * Two handlers of one topic say different things of its process span, of which a delivery has only one.
 *
 * @publicApi
 */
export class ConflictingHandlersError extends KafkaTracingError {
  override readonly code = 'KAFKA_TRACING_CONFLICTING_HANDLERS';

  /**
   * @param topic the pattern that both handle
   * @param option on what they disagree
   * @param handlers both, each with what it says, as in "`link` on AuditController.handle"
   */
  constructor(
    topic: string,
    readonly option: string,
    handlers: readonly string[],
  ) {
    super(
      `The handlers of topic ${topic} disagree on \`${option}\` of its one process span: ${handlers.join(', ')}`,
      handlers,
      'Let them agree, or leave it to a rule in `topics`.',
    );
  }
}
