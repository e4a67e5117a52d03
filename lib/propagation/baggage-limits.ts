import { type Baggage, type BaggageEntry, propagation } from '@opentelemetry/api';

/**
 * How much baggage may pass.
 *
 * @internal
 */
export interface BaggageBudget {
  /** The names that may pass; `undefined` for all. */
  readonly allow: readonly string[] | undefined;
  readonly maxEntries: number;
  /** As the W3C propagator encodes them, with the commas between them. */
  readonly maxBytes: number;
}

/**
 * What is left of baggage within a budget.
 *
 * @internal
 */
export interface LimitedBaggage {
  readonly kept: Baggage;
  readonly dropped: number;
}

/**
 * Keeps baggage within a budget. The entries are taken in their order: one that is not allowed, that cannot be encoded or
 * that does not fit goes without, as a whole; a later and smaller one may still fit. The propagator does the same.
 *
 * @returns `undefined` for baggage that fits as it is
 * @see https://www.w3.org/TR/baggage/#limits, which leaves open which entries go, and forbids to cut one short
 * @internal
 */
export function baggageLimiter(budget: BaggageBudget): (baggage: Baggage) => LimitedBaggage | undefined {
  const { maxEntries, maxBytes } = budget;
  const allowed = budget.allow === undefined ? undefined : new Set(budget.allow);
  return (baggage) => {
    const entries = baggage.getAllEntries();
    let kept: [string, BaggageEntry][] | undefined; // None of its own as long as all are kept.
    let count = 0;
    let bytes = 0;
    for (const [index, one] of entries.entries()) {
      const isCandidate = count < maxEntries && (allowed === undefined || allowed.has(one[0]));
      const size = isCandidate ? encodedSize(one) + (count === 0 ? 0 : COMMA) : Infinity;
      if (bytes + size <= maxBytes) {
        count += 1;
        bytes += size;
        kept?.push(one);
      } else {
        kept ??= entries.slice(0, index);
      }
    }
    return kept === undefined
      ? undefined
      : { kept: propagation.createBaggage(Object.fromEntries(kept)), dropped: entries.length - count };
  };
}

const COMMA = 1;
const SEPARATOR = 1;

/**
 * The bytes of `name=value;metadata`; `Infinity` for an entry that the propagator cannot encode. There it would throw, and
 * take all others with it.
 */
function encodedSize([name, entry]: readonly [string, BaggageEntry]): number {
  try {
    const { value, metadata } = entry;
    const pair = encodeURIComponent(name).length + SEPARATOR + encodeURIComponent(value).length;
    return metadata === undefined ? pair : pair + SEPARATOR + Buffer.byteLength(metadata.toString(), 'utf8');
  } catch {
    return Infinity; // Half of a surrogate pair, or no text at all.
  }
}
