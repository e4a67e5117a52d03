import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { type SpanCounts, SpanCounter } from './span-key.js';

/** Counts spans in the process that makes them: as they start, and as they end. It keeps none. */
export class SeenSpans implements SpanProcessor {
  #started = 0;
  #ended = 0;
  readonly #counter = new SpanCounter();

  get started(): number {
    return this.#started;
  }

  get ended(): number {
    return this.#ended;
  }

  get endedByKey(): SpanCounts {
    return this.#counter.counts;
  }

  onStart(): void {
    this.#started += 1;
  }

  onEnd({ kind, name, status }: ReadableSpan): void {
    this.#ended += 1;
    this.#counter.add(SpanKind[kind], name, status.code === SpanStatusCode.ERROR);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
