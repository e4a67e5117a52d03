import type { Admin } from 'kafkajs';
import { afterAll, beforeAll } from 'vitest';
import { freshName, plainKafka } from './kafka.js';
import { until } from './until.js';

/**
 * Topics for the tests of a file, another one at each call, with its reply topic if they are for requests. They are made
 * together: to wait for one takes as long as all that a short test does with it. In the end they are deleted: whoever
 * connects is told of all topics that there are.
 *
 * @param count how many there are
 */
export function usePreparedTopics(count: number, { reply = false } = {}): () => string {
  const topics = Array.from({ length: count }, () => freshName('orders'));
  const all = reply ? topics.flatMap((topic) => [topic, `${topic}.reply`]) : topics;
  beforeAll(() => makeTopics(all));
  afterAll(() => withAdmin((admin) => admin.deleteTopics({ topics: all })));
  const rest = topics.values();
  return () => {
    const { value: topic } = rest.next();
    if (topic === undefined) {
      throw new Error(`Expected no more than ${count} topics to be asked for. Prepare more of them.`);
    }
    return topic;
  };
}

/** Makes topics, and waits until they are ready. */
export function makeTopics(names: readonly string[]): Promise<void> {
  return withAdmin(async (admin) => {
    // Not with `waitForLeaders`: with so many topics kafkajs gives up at once. And where a broker is said to be the leader
    // before it is, a batch is sent again, and a consumer joins again: both have messages handled twice.
    await admin.createTopics({ topics: names.map((topic) => ({ topic })), waitForLeaders: false });
    await Promise.all(names.map((name) => until(`there is a leader of ${name}`, () => isLed(admin, name))));
  });
}

async function withAdmin(work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

function isLed(admin: Admin, topic: string): Promise<boolean> {
  return admin.fetchTopicOffsets(topic).then(
    () => true,
    () => false,
  );
}
