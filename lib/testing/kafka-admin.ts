import { type Admin, type ITopicConfig, Kafka, logLevel } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_AGAIN_MS = 50;
const TOPICS_TIMEOUT_MS = 30_000;

/**
 * Resolves when the brokers answer. With a cluster id, only when *that* cluster does: where two take the same port,
 * the one that was slower must not mistake the other for itself.
 *
 * @internal
 */
export async function untilAnswering(
  brokers: readonly string[],
  signal: AbortSignal,
  expectedClusterId?: string,
): Promise<void> {
  let reason: unknown;
  while (!signal.aborted) {
    try {
      const {
        brokers: nodes,
        controller,
        clusterId,
      } = await withAdmin(brokers, (admin) => admin.describeCluster());
      const isOurs = expectedClusterId === undefined || expectedClusterId === clusterId;
      if (isOurs && nodes.length > 0 && controller !== null) return;
    } catch (error) {
      reason = error;
    }
    await pause(LOOK_AGAIN_MS);
  }
  throw new Error(`No answer from ${brokers.join(', ')}.`, { cause: reason });
}

/** @internal Creates those topics that do not exist, and waits until each of their partitions has a leader. */
export async function createTopics(
  brokers: readonly string[],
  topics: readonly (string | ITopicConfig)[],
): Promise<void> {
  const wanted = topics.map((topic) => (typeof topic === 'string' ? { topic } : topic));
  const names = wanted.map(({ topic }) => topic);
  await withAdmin(brokers, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false });
    await untilLed(admin, names);
  });
}

async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const deadline = Date.now() + TOPICS_TIMEOUT_MS;
  while (!(await allLed(admin, topics))) {
    if (Date.now() > deadline) {
      throw new Error(`Topics without a leader after ${TOPICS_TIMEOUT_MS} ms: ${topics.join(', ')}.`);
    }
    await pause(LOOK_AGAIN_MS);
  }
}

async function allLed(admin: Admin, topics: string[]): Promise<boolean> {
  try {
    const { topics: found } = await admin.fetchTopicMetadata({ topics });
    return found.every(
      ({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0),
    );
  } catch (error) {
    const { type } = error as { type?: string };
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE') return false;
    throw error;
  }
}

async function withAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({
    clientId: 'embedded-kafka',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    // With no retries kafkajs tries only one of the brokers.
    retry: { retries: brokers.length, initialRetryTime: LOOK_AGAIN_MS, maxRetryTime: LOOK_AGAIN_MS },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
