import { randomUUID } from 'node:crypto';
import { type Admin, Kafka, type KafkaConfig, type KafkaMessage, logLevel } from 'kafkajs';
import { inject } from 'vitest';
import { afterTest } from './tracing.js';
import { until } from './until.js';

/** How clients of the tests connect: quiet, and quick to try again. */
export function clientConfig(clientId: string): KafkaConfig & { brokers: string[] } {
  return {
    clientId,
    brokers: inject('brokers'),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 5 },
  };
}

/** A plain kafkajs, which nothing of ours has touched. */
export function plainKafka(): Kafka {
  return new Kafka(clientConfig('plain'));
}

/** A name that no other test has. */
export function freshName(what: string): string {
  return `${what}-${randomUUID().slice(0, 8)}`;
}

/** Creates a topic for one test, with its reply topic if it is for requests. */
export async function freshTopic(what = 'orders', { reply = false, partitions = 1 } = {}): Promise<string> {
  const topic = freshName(what);
  await createTopics([topic, ...(reply ? [`${topic}.reply`] : [])], partitions);
  return topic;
}

export async function createTopics(names: readonly string[], numPartitions = 1): Promise<void> {
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    const topics = names.map((topic) => ({ topic, numPartitions }));
    await admin.createTopics({ topics, waitForLeaders: false });
    await until(`there are leaders of ${names.join(', ')}`, () => haveLeaders(admin, names));
  } finally {
    await admin.disconnect();
  }
}

// What `waitForLeaders` is for; but kafkajs gives up where a busy broker does not know yet what it has just created.
async function haveLeaders(admin: Admin, names: readonly string[]): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  } catch {
    return false;
  }
}

/** Sends with plain kafkajs. */
export async function sendPlain(topic: string, message: Parameters<SendOne>[0]): Promise<void> {
  const producer = plainKafka().producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [message] });
  } finally {
    await producer.disconnect();
  }
}

type SendOne = (message: import('kafkajs').Message) => void;

/** Reads a topic from its beginning with plain kafkajs until so many messages are there: what was on the wire. */
export async function readPlain(topic: string, count: number): Promise<readonly KafkaMessage[]> {
  const consumer = plainKafka().consumer({ groupId: freshName('reader'), maxWaitTimeInMs: 50 });
  const messages: KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: async ({ message }) => {
            messages.push(message);
            if (messages.length >= count) {
              resolve();
            }
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

/** A producer that is disconnected after the test. */
export async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
  client: T,
): Promise<T> {
  await client.connect();
  afterTest(() => client.disconnect());
  return client;
}
