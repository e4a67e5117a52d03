/** How far a group was behind the end of a partition at one moment. */
export interface LagPoint {
  readonly group: string;
  readonly topic: string;
  readonly partition: string;
  readonly timeUnixNano: bigint;
  readonly messages: number;
}

export interface LagStoreOptions {
  /** @default 200 */
  readonly maxSeries?: number;
  /** Of each series. @default 300 */
  readonly maxPoints?: number;
}

/** The latest lag of consumers, a series for each partition, in memory; oldest out. */
export class LagStore {
  readonly #maxSeries: number;
  readonly #maxPoints: number;
  readonly #series = new Map<string, LagPoint[]>();
  readonly #listeners = new Set<() => void>();

  constructor({ maxSeries = 200, maxPoints = 300 }: LagStoreOptions = {}) {
    this.#maxSeries = maxSeries;
    this.#maxPoints = maxPoints;
  }

  add(points: readonly LagPoint[]): void {
    for (const point of points) {
      const key = JSON.stringify([point.group, point.topic, point.partition]);
      const series = this.#series.get(key) ?? [];
      series.push(point);
      if (series.length > this.#maxPoints) series.shift();
      // The series that has been silent longest is the first one.
      this.#series.delete(key);
      this.#series.set(key, series);
      const [oldest] = this.#series.keys();
      if (this.#series.size > this.#maxSeries && oldest !== undefined) this.#series.delete(oldest);
    }
    if (points.length > 0) this.#listeners.forEach((listener) => listener());
  }

  /** Each series, in the order of their names; its points are the oldest first. */
  series(): readonly (readonly LagPoint[])[] {
    return [...this.#series.entries()]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, points]) => points);
  }

  /** Calls the listener after each arrival. Returns what ends that. */
  onArrival(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
