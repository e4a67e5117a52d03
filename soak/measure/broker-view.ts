import { type Admin, Kafka } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { clientSettings } from '../application/client-settings.js';
import { PLAIN_GROUP } from '../application/plain-batches.js';
import { CLIENT_GROUP, SERVER_GROUP } from '../application/soak-application.js';
import {
  DEAD_LETTERS,
  EVENTS,
  FIRST_BATCHES,
  REPLIES,
  REQUESTS,
  SECOND_BATCHES,
} from '../workload/topics.js';

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  [SERVER_GROUP]: [EVENTS, DEAD_LETTERS, REQUESTS],
  [CLIENT_GROUP]: [REPLIES],
  [PLAIN_GROUP]: [FIRST_BATCHES, SECOND_BATCHES],
};

/** What the broker itself knows of the messages: how many there are, and how many of them were handled. */
export class BrokerView {
  readonly #admin: Admin;

  constructor(brokers: readonly string[]) {
    this.#admin = new Kafka({ ...clientSettings(brokers), clientId: 'soak-view' }).admin();
  }

  connect(): Promise<void> {
    return this.#admin.connect();
  }

  disconnect(): Promise<void> {
    return this.#admin.disconnect();
  }

  /** How many messages were written to a topic. */
  async written(topic: string): Promise<number> {
    const offsets = await this.#admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  }

  /** Resolves when every group has handled, and committed, all that was written, the replies among it. */
  async whenQuiet(replies: () => number): Promise<void> {
    while ((await this.written(REPLIES)) < replies() || (await this.#lag()) > 0) {
      await delay(50);
    }
  }

  async #lag(): Promise<number> {
    const lags = Object.entries(GROUPS).map(async ([groupId, topics]) => {
      const committed = await this.#admin.fetchOffsets({ groupId, topics: [...topics] });
      const handled = committed
        .flatMap(({ partitions }) => partitions)
        .reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
      const written = await Promise.all(topics.map((topic) => this.written(topic)));
      return written.reduce((sum, count) => sum + count, 0) - handled;
    });
    return (await Promise.all(lags)).reduce((sum, lag) => sum + lag, 0);
  }
}
