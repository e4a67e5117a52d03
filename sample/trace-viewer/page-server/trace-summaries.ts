import { neighboursOf } from '../model/joined-traces.js';
import type { StoreChange, TraceStore } from '../model/trace-store.js';
import type { TraceSummary } from '../page/page-api.js';
import { summaryOf } from './summary-of.js';

/** The summary of every trace of a store, made anew only for those that have changed. */
export class TraceSummaries {
  readonly #store: TraceStore;
  readonly #summaries = new Map<string, TraceSummary>();
  readonly #listeners = new Set<(traceIds: ReadonlySet<string>) => void>();
  readonly #end: () => void;

  constructor(store: TraceStore) {
    this.#store = store;
    this.#end = store.onArrival((change) => this.#forget(change));
  }

  has(traceId: string): boolean {
    return this.#store.has(traceId);
  }

  of(traceId: string): TraceSummary | undefined {
    const known = this.#summaries.get(traceId);
    if (known) return known;
    const trace = this.#store.trace(traceId);
    if (!trace) return undefined;
    const summary = summaryOf(trace, neighboursOf(this.#store, trace.spans).size);
    this.#summaries.set(traceId, summary);
    return summary;
  }

  /** The latest first. */
  all(): readonly TraceSummary[] {
    return this.#store
      .traceIds()
      .map((traceId) => this.of(traceId))
      .filter((summary) => summary !== undefined)
      .toSorted((one, other) => other.start - one.start);
  }

  /** Calls the listener with the traces whose summaries have changed, or which are gone. Returns what ends that. */
  onChange(listener: (traceIds: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#end();
  }

  /** What links to a trace, or is linked from it, counts it: then that has changed as well. */
  #forget({ changed, removed, arrived, gone }: StoreChange): void {
    const touched = new Set([
      ...changed,
      ...removed,
      ...neighboursOf(this.#store, arrived),
      ...neighboursOf(this.#store, gone),
    ]);
    for (const traceId of touched) this.#summaries.delete(traceId);
    this.#listeners.forEach((listener) => listener(touched));
  }
}
