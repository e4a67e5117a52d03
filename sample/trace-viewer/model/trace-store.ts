import { byStart, type Span, type SpanReference, type Trace } from './span.js';

export interface TraceStoreOptions {
  /** @default 20000 */
  readonly maxSpans?: number;
  /** @default 1000 */
  readonly maxTraces?: number;
}

/** The traces that have got a span, and those that are not held any more, all of them or all but what came since. */
export interface StoreChange {
  readonly changed: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/**
 * The latest traces, in memory. Past a limit the trace that was first seen longest ago goes; a single trace that
 * fills the store alone loses its oldest spans instead.
 */
export class TraceStore {
  readonly #maxSpans: number;
  readonly #maxTraces: number;
  /** Both maps keep the order of arrival, so the first entry is the oldest. */
  readonly #traces = new Map<string, Map<string, Span>>();
  readonly #linksTo = new Map<string, Map<string, Span>>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #size = 0;

  constructor({ maxSpans = 20_000, maxTraces = 1000 }: TraceStoreOptions = {}) {
    this.#maxSpans = maxSpans;
    this.#maxTraces = maxTraces;
  }

  /** How many spans are held. */
  get size(): number {
    return this.#size;
  }

  /** A span that arrives again (exporters retry) replaces itself. */
  add(spans: readonly Span[]): void {
    const changed = new Set<string>();
    const removed = new Set<string>();
    for (const span of spans) {
      this.#put(span);
      changed.add(span.traceId);
      for (const traceId of this.#evict()) removed.add(traceId);
    }
    for (const listener of this.#listeners) listener({ changed, removed });
  }

  trace(traceId: string): Trace | undefined {
    const spans = this.#traces.get(traceId);
    return spans && { traceId, spans: [...spans.values()].sort(byStart) };
  }

  /** Every trace, the one first seen longest ago first. */
  traces(): readonly Trace[] {
    return this.traceIds().map((traceId) => this.trace(traceId) as Trace);
  }

  /** The one first seen longest ago first. */
  traceIds(): readonly string[] {
    return [...this.#traces.keys()];
  }

  span({ traceId, spanId }: SpanReference): Span | undefined {
    return this.#traces.get(traceId)?.get(spanId);
  }

  /** The spans, of this trace or another, that link to this one. */
  spansLinkingTo(target: SpanReference): readonly Span[] {
    return [...(this.#linksTo.get(keyOf(target))?.values() ?? [])];
  }

  /** Calls the listener after each arrival. Returns what ends that. */
  onArrival(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(span: Span): void {
    this.#remove(span);
    const spans = this.#traces.get(span.traceId) ?? new Map<string, Span>();
    this.#traces.set(span.traceId, spans.set(span.spanId, span));
    this.#size += 1;
    for (const link of span.links) {
      const key = keyOf(link);
      this.#linksTo.set(key, (this.#linksTo.get(key) ?? new Map<string, Span>()).set(keyOf(span), span));
    }
  }

  #remove(reference: SpanReference): void {
    const spans = this.#traces.get(reference.traceId);
    const span = spans?.get(reference.spanId);
    if (!spans || !span) return;
    spans.delete(span.spanId);
    this.#size -= 1;
    for (const link of span.links) {
      const sources = this.#linksTo.get(keyOf(link));
      sources?.delete(keyOf(span));
      if (sources?.size === 0) this.#linksTo.delete(keyOf(link));
    }
  }

  /** Returns the traces that had to go. */
  #evict(): readonly string[] {
    const gone: string[] = [];
    while (this.#traces.size > this.#maxTraces || this.#size > this.#maxSpans) {
      const [traceId, spans] = first(this.#traces);
      if (this.#traces.size === 1) {
        this.#remove(first(spans)[1]);
        continue;
      }
      for (const span of spans.values()) this.#remove(span);
      this.#traces.delete(traceId);
      gone.push(traceId);
    }
    return gone;
  }
}

function first<K, V>(map: ReadonlyMap<K, V>): [K, V] {
  return map.entries().next().value as [K, V];
}

function keyOf({ traceId, spanId }: SpanReference): string {
  return `${traceId}:${spanId}`;
}
