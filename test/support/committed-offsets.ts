import type { Admin } from 'kafkajs';
import { plainKafka } from './kafka.js';

/** What a group has committed of each topic, partition by partition. */
export type CommittedOffsets = Readonly<Record<string, readonly string[]>>;

/** @param topics by the names that they have in the answer, which are the same in each run */
export async function committedOffsetsOf(
  groupId: string,
  topics: Readonly<Record<string, string>>,
): Promise<CommittedOffsets> {
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    return await fetchCommitted(admin, groupId, topics);
  } finally {
    await admin.disconnect();
  }
}

/** The same for somebody who asks more than once: where a broker has many topics, to connect takes longer than to ask. */
export async function fetchCommitted(
  admin: Admin,
  groupId: string,
  topics: Readonly<Record<string, string>>,
): Promise<CommittedOffsets> {
  const found = await admin.fetchOffsets({ groupId, topics: Object.values(topics) });
  return Object.fromEntries(
    Object.entries(topics).map(([name, topic]) => {
      const { partitions = [] } = found.find((one) => one.topic === topic) ?? {};
      return [name, partitions.toSorted(byPartition).map(({ offset }) => offset)];
    }),
  );
}

function byPartition(one: { readonly partition: number }, other: { readonly partition: number }): number {
  return one.partition - other.partition;
}
