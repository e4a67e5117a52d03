import type { TraceState } from '@opentelemetry/api';

/** @see https://www.w3.org/TR/trace-context/#tracestate-limits: "Entries larger than 128 characters" */
const LONG_MEMBER = 128;

/**
 * What is left of a tracestate within a budget.
 *
 * @internal
 */
export interface LimitedTracestate {
  /** `undefined` where nothing is left: the propagator would write an empty header. */
  readonly kept: TraceState | undefined;
  readonly dropped: number;
}

/**
 * Takes whole members out of a tracestate until it fits: those longer than 128 characters first, then from the end, where
 * the oldest are.
 *
 * @returns `undefined` for one that fits as it is
 * @see https://www.w3.org/TR/trace-context/#tracestate-limits
 * @internal
 */
export function limitTracestate(traceState: TraceState, maxBytes: number): LimitedTracestate | undefined {
  const serialized = traceState.serialize();
  if (fits(serialized, maxBytes)) {
    return undefined;
  }
  const members = serialized.split(',');
  const fromTheEnd = members.toReversed();
  const leaving = [...fromTheEnd.filter(isLong), ...fromTheEnd.filter((member) => !isLong(member))];
  let bytes = Buffer.byteLength(serialized, 'utf8');
  let dropped = 0;
  let kept = traceState;
  for (const member of leaving) {
    if (bytes <= maxBytes) {
      break;
    }
    bytes -= Buffer.byteLength(member, 'utf8') + COMMA;
    dropped += 1;
    kept = kept.unset(keyOf(member));
  }
  return dropped < members.length && fits(kept.serialize(), maxBytes)
    ? { kept, dropped }
    : { kept: undefined, dropped: members.length };
}

const COMMA = 1;

function fits(serialized: string, maxBytes: number): boolean {
  // No character has more than three bytes: a short text need not be measured.
  return serialized.length * 3 <= maxBytes || Buffer.byteLength(serialized, 'utf8') <= maxBytes;
}

function isLong(member: string): boolean {
  return member.length > LONG_MEMBER;
}

function keyOf(member: string): string {
  return member.slice(0, member.indexOf('='));
}
