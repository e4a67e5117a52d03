import type { Link, SpanContext } from '@opentelemetry/api';

// The SDK's own limit.
const MOST_LINKS = 128;

const FEW_LINKS = 4;

/**
 * Links to spans: to each once, to the first context that has it, and to no more than `most`.
 *
 * @internal
 */
export class SpanLinks {
  readonly all: Link[] = [];
  readonly #most: number;
  #spanIds: Set<string> | undefined; // Few are compared one by one.
  #ids: Set<string> | undefined; // Only where two spans have the same span id.

  constructor(most = MOST_LINKS) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.all.length >= this.#most;
  }

  /** @param context a valid one: it was looked at where it was read */
  add(context: SpanContext | undefined): void {
    if (context === undefined || this.isFull || this.#has(context)) {
      return;
    }
    this.all.push({ context });
    this.#spanIds?.add(context.spanId);
    this.#ids?.add(idsOf(context));
  }

  addAll(contexts: readonly (SpanContext | undefined)[]): this {
    for (const context of contexts) {
      this.add(context);
    }
    return this;
  }

  #has(context: SpanContext): boolean {
    if (this.all.length <= FEW_LINKS) {
      return this.all.some((link) => isSameSpan(link.context, context));
    }
    this.#spanIds ??= new Set(this.all.map((link) => link.context.spanId));
    if (!this.#spanIds.has(context.spanId)) {
      return false;
    }
    this.#ids ??= new Set(this.all.map((link) => idsOf(link.context)));
    return this.#ids.has(idsOf(context));
  }
}

function idsOf({ traceId, spanId }: SpanContext): string {
  return `${traceId}-${spanId}`;
}

/** @internal */
export function isSameSpan(one: SpanContext | undefined, other: SpanContext | undefined): boolean {
  return one?.spanId === other?.spanId && one?.traceId === other?.traceId;
}
