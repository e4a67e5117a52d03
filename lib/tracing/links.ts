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
    if (context !== undefined && !this.isFull && this.#remember(context)) {
      this.all.push({ context });
    }
  }

  /** @param context of a span that was started just now: there is no link to it yet, and nobody will add another one */
  addNew(context: SpanContext | undefined): void {
    if (context !== undefined && !this.isFull) {
      this.all.push({ context });
    }
  }

  addAll(contexts: readonly (SpanContext | undefined)[]): this {
    for (const context of contexts) {
      this.add(context);
    }
    return this;
  }

  /** Whether there is no link to it yet; from now on there is. */
  #remember(context: SpanContext): boolean {
    if (this.all.length < FEW_LINKS) {
      return !this.all.some((link) => isSameSpan(link.context, context));
    }
    this.#spanIds ??= new Set(this.all.map((link) => link.context.spanId));
    if (isAdded(this.#spanIds, context.spanId) && this.#ids === undefined) {
      return true; // As of most messages.
    }
    this.#ids ??= new Set(this.all.map((link) => idsOf(link.context)));
    return isAdded(this.#ids, idsOf(context));
  }
}

/** Adds it to a set, and tells whether it was not in there: it is looked up once. */
function isAdded(ids: Set<string>, id: string): boolean {
  const { size } = ids;
  return ids.add(id).size > size;
}

function idsOf({ traceId, spanId }: SpanContext): string {
  return `${traceId}-${spanId}`;
}

/** @internal */
export function isSameSpan(one: SpanContext | undefined, other: SpanContext | undefined): boolean {
  return one?.spanId === other?.spanId && one?.traceId === other?.traceId;
}
