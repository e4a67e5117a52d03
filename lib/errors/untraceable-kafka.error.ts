import { inspect } from 'node:util';
import { KafkaTracingError } from './kafka-tracing.error.js';

/**
 * What is to be traced is no `Kafka` of kafkajs, or cannot be changed, which is how it is traced.
 *
 * @publicApi
 */
export class UntraceableKafkaError extends KafkaTracingError {
  override readonly code = 'KAFKA_TRACING_UNTRACEABLE_KAFKA';

  /**
   * @param expected what it has to be, as in "to be a Kafka of kafkajs"
   * @param value what it was
   * @param cure what to do about it, one sentence
   */
  constructor(expected: string, value: unknown, cure: string) {
    super(`Expected what is to be traced ${expected}, got \`${inspect(value, { depth: 0 })}\``, value, cure);
  }
}
