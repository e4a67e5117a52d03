import type { KafkaForTests } from './kafka-for-tests.js';
import { EmbeddedKafkaError } from './embedded-kafka.error.js';
import { createTopics, untilAnswering } from './kafka-admin.js';

/**
 * A Kafka that somebody else runs, named as in the environment variable `KAFKA_BROKERS`; undefined where none is named.
 *
 * @internal
 */
export async function existingKafka(list = '', timeoutMs = 60_000): Promise<KafkaForTests | undefined> {
  const brokers = list
    .split(',')
    .map((broker) => broker.trim())
    .filter(Boolean);
  if (brokers.length === 0) return undefined;
  try {
    await untilAnswering(brokers, AbortSignal.timeout(timeoutMs));
  } catch (cause) {
    throw new EmbeddedKafkaError(
      'EMBEDDED_KAFKA_BROKERS_UNREACHABLE',
      `KAFKA_BROKERS is \`${list}\`, and nothing answered there for ${timeoutMs} ms.`,
      'Start that broker, or unset KAFKA_BROKERS to have one started here.',
      { cause },
    );
  }
  return {
    brokers: Object.freeze(brokers),
    createTopics: (...topics) => createTopics(brokers, topics),
    // Nothing of ours is connected or running: it is left as it was found.
    stop: () => Promise.resolve(),
  };
}
