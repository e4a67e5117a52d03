/** How far a group was behind the end of a partition at one moment. */
export interface LagPoint {
  readonly group: string;
  readonly topic: string;
  readonly partition: string;
  readonly timeUnixNano: bigint;
  readonly messages: number;
}

/** The points of one partition, oldest first. */
export interface PartitionLag {
  readonly group: string;
  readonly topic: string;
  readonly partition: string;
  readonly points: readonly Pick<LagPoint, 'timeUnixNano' | 'messages'>[];
}

export interface LagStoreOptions {
  /** @default 200 */
  readonly maxSeries?: number;
  /** Of each series. @default 300 */
  readonly maxPoints?: number;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

interface Series extends PartitionLag {
  points: Pick<LagPoint, 'timeUnixNano' | 'messages'>[];
  /** By our own clock: that of the sender may be wrong. */
  heardAt: number;
}

const KEPT_MS = 5 * 60_000;
const KEPT_NANOS = BigInt(KEPT_MS) * 1_000_000n;

/** The lag of consumers in the last five minutes, a series for each partition, in memory; oldest out. */
export class LagStore {
  readonly #maxSeries: number;
  readonly #maxPoints: number;
  readonly #now: () => number;
  /** The one that has been silent longest first. */
  readonly #series = new Map<string, Series>();
  readonly #listeners = new Set<() => void>();

  constructor({ maxSeries = 200, maxPoints = 300, now = Date.now }: LagStoreOptions = {}) {
    this.#maxSeries = maxSeries;
    this.#maxPoints = maxPoints;
    this.#now = now;
  }

  add(points: readonly LagPoint[]): void {
    for (const point of points) this.#put(point);
    this.#forgetSilent();
    if (points.length > 0) this.#listeners.forEach((listener) => listener());
  }

  /** Each series, in the order of their names. */
  series(): readonly PartitionLag[] {
    this.#forgetSilent();
    return [...this.#series.entries()]
      .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
      .map(([, series]) => series);
  }

  /** Calls the listener after each arrival. Returns what ends that. */
  onArrival(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put({ group, topic, partition, timeUnixNano, messages }: LagPoint): void {
    const key = JSON.stringify([group, topic, partition]);
    const series = this.#series.get(key) ?? { group, topic, partition, points: [], heardAt: 0 };
    series.heardAt = this.#now();
    series.points = withPoint(series.points, { timeUnixNano, messages }).slice(-this.#maxPoints);
    this.#series.delete(key);
    this.#series.set(key, series);
    const [oldest] = this.#series.keys();
    if (this.#series.size > this.#maxSeries && oldest !== undefined) this.#series.delete(oldest);
  }

  /** A group that is gone is not shown for ever. */
  #forgetSilent(): void {
    const since = this.#now() - KEPT_MS;
    for (const [key, { heardAt }] of this.#series) {
      if (heardAt >= since) return;
      this.#series.delete(key);
    }
  }
}

/** A point may come late, or again: exporters retry. */
function withPoint(points: Series['points'], point: Series['points'][number]): Series['points'] {
  const { timeUnixNano: time } = point;
  const newest = points.at(-1)?.timeUnixNano ?? time;
  // No retry takes that long: the sender's clock was set back, and its old times would stay the newest for ever.
  if (time < newest - KEPT_NANOS) return [point];
  const since = (time > newest ? time : newest) - KEPT_NANOS;
  return [
    ...points.filter(({ timeUnixNano }) => timeUnixNano >= since && timeUnixNano < time),
    point,
    ...points.filter(({ timeUnixNano }) => timeUnixNano > time),
  ];
}
