import { Kafka, logLevel } from 'kafkajs';
import type { ServiceEnvironment } from '../environment/environment.js';
import { waitUntilReachable } from '../lifecycle/wait-until-reachable.js';

/**
 * Waits for Kafka, then creates those of `topics` that are missing, with as many partitions and replicas as the
 * brokers give by default. A kafkajs consumer that subscribes to a missing topic crashes, so this comes first.
 *
 * @throws StartupError when Kafka stays out of reach.
 */
export async function createMissingTopics(
  clientId: string,
  topics: readonly string[],
  environment: ServiceEnvironment,
): Promise<void> {
  const brokers = environment.KAFKA_BROKERS;
  // Whatever goes wrong is reported by waitUntilReachable, once, and not by kafkajs for each attempt.
  const kafka = new Kafka({ clientId, brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  await waitUntilReachable(`Kafka (${brokers.join(', ')})`, environment.STARTUP_TIMEOUT_SECONDS, async () => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !existing.has(topic));
      if (missing.length > 0) await admin.createTopics({ topics: missing.map((topic) => ({ topic })) });
    } finally {
      await admin.disconnect();
    }
  });
}
