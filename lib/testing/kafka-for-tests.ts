import type { ITopicConfig } from 'kafkajs';

/**
 * What tests need of a Kafka, whoever runs it.
 *
 * @experimental
 * @publicApi
 */
export interface KafkaForTests {
  /** Bootstrap brokers, as kafkajs takes them: `['127.0.0.1:23456']`. */
  readonly brokers: readonly string[];
  /**
   * Creates topics, and waits until each of their partitions has a leader. Topics that exist are left as they are.
   * A consumer that subscribes to a topic that does not exist crashes: call this first.
   */
  createTopics(...topics: readonly (string | ITopicConfig)[]): Promise<void>;
  /** Leaves nothing behind. May be called more than once. */
  stop(): Promise<void>;
}
