import type { LagStore } from '../model/lag-store.js';
import type { LagSeries } from '../page/page-api.js';
import { timeOf } from './times.js';

export function lagSeriesOf(lag: LagStore): readonly LagSeries[] {
  return lag.series().map(({ group, topic, partition, points }) => ({
    group,
    topic,
    partition,
    points: points.map(({ timeUnixNano, messages }) => [timeOf(timeUnixNano), messages] as const),
  }));
}
