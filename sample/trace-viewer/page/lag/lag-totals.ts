import type { LagSeries } from '../page-api.js';

/** How far a group is behind on a topic: the sum over its partitions, oldest first. */
export interface LagTotal {
  readonly group: string;
  readonly topic: string;
  readonly points: readonly (readonly [time: number, messages: number])[];
}

export function lagTotals(series: readonly LagSeries[]): readonly LagTotal[] {
  const byTopicAndGroup = new Map<string, LagSeries[]>();
  for (const partition of series) {
    const key = JSON.stringify([partition.topic, partition.group]);
    byTopicAndGroup.set(key, [...(byTopicAndGroup.get(key) ?? []), partition]);
  }
  return [...byTopicAndGroup]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, partitions]) => {
      const { group, topic } = partitions[0]!;
      return { group, topic, points: sumOf(partitions) };
    });
}

/** Partitions are measured one by one: each counts with its latest value until the next. */
function sumOf(partitions: readonly LagSeries[]): LagTotal['points'] {
  const changes = partitions
    .flatMap(({ partition, points }) => points.map(([time, messages]) => ({ partition, time, messages })))
    .sort((one, other) => one.time - other.time);
  const latest = new Map<string, number>();
  const sums = new Map<number, number>();
  for (const { partition, time, messages } of changes) {
    latest.set(partition, messages);
    sums.set(
      time,
      [...latest.values()].reduce((sum, value) => sum + value, 0),
    );
  }
  return [...sums];
}
