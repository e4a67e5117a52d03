/** Spans that look alike, such as `CONSUMER process soak-events`. */
export type SpanKey = string;

/** How many spans there are of each key, and how many of them have the error status. */
export type SpanCounts = Readonly<Record<SpanKey, { readonly spans: number; readonly errors: number }>>;

/** Counts spans by their keys. */
export class SpanCounter {
  readonly #counts = new Map<SpanKey, { spans: number; errors: number }>();

  add(kind: string, name: string, isError: boolean): void {
    const key = `${kind} ${name}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { spans: 0, errors: 0 };
      this.#counts.set(key, count);
    }
    count.spans += 1;
    count.errors += isError ? 1 : 0;
  }

  get counts(): SpanCounts {
    return Object.fromEntries([...this.#counts].map(([key, count]) => [key, { ...count }]));
  }
}

export function totalOf(counts: SpanCounts): number {
  return Object.values(counts).reduce((sum, { spans }) => sum + spans, 0);
}
