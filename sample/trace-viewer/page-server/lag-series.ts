import type { LagStore } from '../model/lag-store.js';
import type { LagSeries } from '../page/page-api.js';
import { timeOf } from './times.js';

export function lagSeriesOf(lag: LagStore): readonly LagSeries[] {
  return lag.series().map((points) => ({
    group: points[0]?.group ?? '',
    topic: points[0]?.topic ?? '',
    partition: points[0]?.partition ?? '',
    points: points.map(({ timeUnixNano, messages }) => [timeOf(timeUnixNano), messages] as const),
  }));
}
