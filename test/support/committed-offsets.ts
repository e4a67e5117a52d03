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
    const found = await admin.fetchOffsets({ groupId, topics: Object.values(topics) });
    return Object.fromEntries(
      Object.entries(topics).map(([name, topic]) => {
        const { partitions = [] } = found.find((one) => one.topic === topic) ?? {};
        return [name, partitions.toSorted(byPartition).map(({ offset }) => offset)];
      }),
    );
  } finally {
    await admin.disconnect();
  }
}

function byPartition(one: { readonly partition: number }, other: { readonly partition: number }): number {
  return one.partition - other.partition;
}
