import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { ServiceEnvironment } from '../environment/environment.js';
import { waitUntilReachable } from '../lifecycle/wait-until-reachable.js';

/** What a service needs of Kafka before it produces or consumes. */
export interface KafkaNeeds {
  readonly topics: readonly string[];
  readonly groupId?: string;
}

/**
 * Waits for Kafka, and for the coordinator of the consumer group, and creates the topics that are missing, with as
 * many partitions and replicas as the brokers give by default. A kafkajs consumer that subscribes to a missing topic
 * crashes, so this comes first.
 *
 * @throws StartupError when Kafka stays out of reach.
 */
export async function prepareKafka(
  clientId: string,
  needs: KafkaNeeds,
  environment: ServiceEnvironment,
): Promise<void> {
  const brokers = environment.KAFKA_BROKERS;
  // What goes wrong is reported by waitUntilReachable, once, and not by kafkajs for each attempt.
  const kafka = new Kafka({ clientId, brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  await waitUntilReachable(`Kafka (${brokers.join(', ')})`, environment.STARTUP_TIMEOUT_SECONDS, async () => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      await createMissingTopics(admin, needs.topics);
      // A broker that has just been installed takes a moment to make the coordinator's own topic.
      if (needs.groupId !== undefined) await admin.describeGroups([needs.groupId]);
    } finally {
      await admin.disconnect();
    }
  });
}

async function createMissingTopics(admin: Admin, topics: readonly string[]): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !existing.has(topic));
  if (missing.length > 0) await admin.createTopics({ topics: missing.map((topic) => ({ topic })) });
}
