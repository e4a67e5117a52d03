import type { Span as ApiSpan } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { until } from './until.js';

/** Keeps every span in memory, and knows which ones are still open. */
export class SpanRecorder implements SpanProcessor {
  readonly #open = new Set<ReadableSpan>();
  #finished: ReadableSpan[] = [];

  onStart(span: ApiSpan & ReadableSpan): void {
    this.#open.add(span);
  }

  onEnd(span: ReadableSpan): void {
    this.#open.delete(span);
    this.#finished.push(span);
  }

  get open(): readonly ReadableSpan[] {
    return [...this.#open];
  }

  /** In the order in which they ended. */
  get finished(): readonly ReadableSpan[] {
    return this.#finished;
  }

  named(name: string): readonly ReadableSpan[] {
    return this.#finished.filter((span) => span.name === name);
  }

  /** The only span of that name, once it has ended. */
  async one(name: string): Promise<ReadableSpan> {
    const [span] = await this.all(name, 1);
    return span as ReadableSpan;
  }

  /** The spans of that name, once exactly so many have ended. */
  async all(name: string, count: number): Promise<readonly ReadableSpan[]> {
    await until(`${count} of \`${name}\` ended`, () => this.named(name).length >= count).catch(
      (error: Error) => {
        const names = this.#finished.map((span) => span.name).join(', ');
        throw new Error(
          `${error.message} There are: ${names}; open: ${this.open.map((span) => span.name).join(', ')}`,
        );
      },
    );
    const spans = this.named(name);
    if (spans.length !== count) {
      throw new Error(`Expected ${count} of \`${name}\`, there are ${spans.length}.`);
    }
    return spans;
  }

  reset(): void {
    this.#finished = [];
    this.#open.clear();
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
