import { bytesOfSpan } from './span-bytes.js';
import { byStart, type Span, type SpanReference, type Trace } from './span.js';

export interface TraceStoreOptions {
  /** @default 20000 */
  readonly maxSpans?: number;
  /** @default 1000 */
  readonly maxTraces?: number;
  /** About, over all spans; a few with huge attributes take as much as many others. @default 128 MiB */
  readonly maxBytes?: number;
}

/** What one call of `add` did. */
export interface StoreChange {
  /** The traces that have got a span. */
  readonly changed: ReadonlySet<string>;
  /** The traces that had to go; one that got a span after that is held again. */
  readonly removed: ReadonlySet<string>;
  /** The spans that came, and those that had to go or were replaced: between them they tell which links are new or gone. */
  readonly arrived: readonly Span[];
  readonly gone: readonly Span[];
}

/**
 * The latest traces, in memory. Past a limit the trace that was first seen longest ago goes; a single trace that
 * fills the store alone loses its oldest spans instead.
 */
export class TraceStore {
  readonly #maxSpans: number;
  readonly #maxTraces: number;
  readonly #maxBytes: number;
  /** Both maps keep the order of arrival, so the first entry is the oldest. */
  readonly #traces = new Map<string, Map<string, Span>>();
  readonly #linksTo = new Map<string, Map<string, Span>>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #size = 0;
  #bytes = 0;

  constructor({ maxSpans = 20_000, maxTraces = 1000, maxBytes = 128 * 1024 * 1024 }: TraceStoreOptions = {}) {
    this.#maxSpans = maxSpans;
    this.#maxTraces = maxTraces;
    this.#maxBytes = maxBytes;
  }

  /** How many spans are held. */
  get size(): number {
    return this.#size;
  }

  /** A span that arrives again (exporters retry) replaces itself. */
  add(spans: readonly Span[]): void {
    const changed = new Set(spans.map(({ traceId }) => traceId));
    const removed = new Set<string>();
    const gone: Span[] = [];
    for (const span of spans) {
      gone.push(...this.#remove(span));
      this.#put(span);
      while (this.#isFull()) this.#evict(removed).forEach((one) => gone.push(one));
    }
    for (const listener of this.#listeners) listener({ changed, removed, arrived: spans, gone });
  }

  has(traceId: string): boolean {
    return this.#traces.has(traceId);
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
    const spans = this.#traces.get(span.traceId) ?? new Map<string, Span>();
    this.#traces.set(span.traceId, spans.set(span.spanId, span));
    this.#size += 1;
    this.#bytes += bytesOfSpan(span);
    for (const link of span.links) {
      const key = keyOf(link);
      this.#linksTo.set(key, (this.#linksTo.get(key) ?? new Map<string, Span>()).set(keyOf(span), span));
    }
  }

  /** Returns the span, unless it was not held. */
  #remove(reference: SpanReference): readonly Span[] {
    const spans = this.#traces.get(reference.traceId);
    const span = spans?.get(reference.spanId);
    if (!spans || !span) return [];
    spans.delete(span.spanId);
    this.#size -= 1;
    this.#bytes -= bytesOfSpan(span);
    for (const link of span.links) {
      const sources = this.#linksTo.get(keyOf(link));
      sources?.delete(keyOf(span));
      if (sources?.size === 0) this.#linksTo.delete(keyOf(link));
    }
    return [span];
  }

  #isFull(): boolean {
    return this.#traces.size > this.#maxTraces || this.#size > this.#maxSpans || this.#bytes > this.#maxBytes;
  }

  /** Returns the spans that had to go, and notes their trace where nothing of it is left. */
  #evict(removed: Set<string>): readonly Span[] {
    const [traceId, spans] = first(this.#traces);
    const [, oldest] = first(spans);
    const going = this.#traces.size === 1 ? [oldest] : [...spans.values()];
    for (const span of going) this.#remove(span);
    if (spans.size === 0) {
      this.#traces.delete(traceId);
      removed.add(traceId);
    }
    return going;
  }
}

function first<K, V>(map: ReadonlyMap<K, V>): [K, V] {
  return map.entries().next().value as [K, V];
}

function keyOf({ traceId, spanId }: SpanReference): string {
  return `${traceId}:${spanId}`;
}
