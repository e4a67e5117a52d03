import type { TracesEvent, TraceSummary } from '../page-api.js';

/** The traces that the server holds, as far as it has told. */
export class HeldTraces {
  readonly #traces = new Map<string, TraceSummary>();

  get size(): number {
    return this.#traces.size;
  }

  has(traceId: string): boolean {
    return this.#traces.has(traceId);
  }

  apply({ changed, removed }: TracesEvent, everything: boolean): void {
    if (everything) this.#traces.clear();
    for (const trace of changed) this.#traces.set(trace.traceId, trace);
    for (const traceId of removed) this.#traces.delete(traceId);
  }

  /** The latest first. */
  matching(filter: TraceFilter): readonly TraceSummary[] {
    return [...this.#traces.values()].filter((trace) => fits(trace, filter)).sort(latestFirst);
  }
}

export interface TraceFilter {
  /** Each of its words must occur somewhere. */
  readonly text: string;
  readonly errorsOnly: boolean;
}

function fits({ title, services, traceId, errorCount }: TraceSummary, filter: TraceFilter): boolean {
  if (filter.errorsOnly && errorCount === 0) return false;
  const text = [title, ...services, traceId].join(' ').toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Two that began at once keep one order, whichever was told first. */
function latestFirst(one: TraceSummary, other: TraceSummary): number {
  return other.start - one.start || (one.traceId < other.traceId ? -1 : 1);
}
