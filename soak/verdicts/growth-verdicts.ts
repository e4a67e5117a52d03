import type { Checkpoint } from '../measure/checkpoint.js';
import { type Series, growth, slope } from '../measure/growth.js';
import { type Verdict, verdict } from './verdict.js';

/** How much the heap may grow over the whole run. */
export interface HeapBound {
  readonly megabytes: number;
}

/** The first of them belong to what is loaded, compiled and connected on first use. */
export function afterWarmUp(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] {
  return checkpoints.slice(Math.ceil(checkpoints.length / 5));
}

/** Whether what lives between messages stays as it is. */
export function growthVerdicts(checkpoints: readonly Checkpoint[], bound: HeapBound): readonly Verdict[] {
  const judged = afterWarmUp(checkpoints);
  const open = checkpoints.map(({ openSpans }) => openSpans);
  return [
    verdict('no span is open at any checkpoint', Math.max(...open) === 0, `${Math.max(...open)} open`),
    flat('no listener is added', { listeners: judged.map(({ live }) => live.listeners) }),
    flat('no Map or Set gets more entries', { entries: judged.map(({ live }) => live.entries) }),
    flat(
      'no timer and no socket is added',
      byName(judged, ({ resources }) => resources),
    ),
    flat(
      'no class has more objects',
      byName(judged, ({ live }) => live.byClass),
    ),
    heapIsFlat(judged, bound),
  ];
}

// What may be under way between the broker and its clients, such as a fetch or an answer that just came; of common things,
// such as functions, that is more. Above it is, in a short run, what leaks with one of five hundred messages, and in a whole
// one with one of ten thousand; the rarest fate is that of one in two thousand.
const ALLOWED = 15;
const ALLOWED_SHARE = 0.01;

function flat(claim: string, named: Readonly<Record<string, Series>>): Verdict {
  const all = Object.entries(named);
  const grown = all.filter(
    ([, series]) => growth(series) > Math.max(ALLOWED, (series[0] ?? 0) * ALLOWED_SHARE),
  );
  const found = (some: typeof all): string =>
    some.map(([name, series]) => `${name} ${series[0]} → ${series.at(-1)}`).join(', ');
  return verdict(
    claim,
    grown.length === 0,
    grown.length > 0 ? found(grown) : all.length <= 6 ? found(all) : `${all.length} classes`,
  );
}

function byName(
  checkpoints: readonly Checkpoint[],
  countsOf: (checkpoint: Checkpoint) => Readonly<Record<string, number>>,
): Readonly<Record<string, Series>> {
  const names = new Set(checkpoints.flatMap((checkpoint) => Object.keys(countsOf(checkpoint))));
  return Object.fromEntries(
    [...names].map((name) => [name, checkpoints.map((checkpoint) => countsOf(checkpoint)[name] ?? 0)]),
  );
}

/** @returns bytes for each message */
export function heapSlope(judged: readonly Checkpoint[]): number {
  return slope(
    judged.map(({ messages }) => messages),
    judged.map(({ heapBytes }) => heapBytes),
  );
}

function heapIsFlat(judged: readonly Checkpoint[], { megabytes }: HeapBound): Verdict {
  const messages = judged.at(-1)?.messages ?? 0;
  const grown = (heapSlope(judged) * messages) / 1024 / 1024;
  return verdict(
    `the heap grows by less than ${megabytes} MB over all messages`,
    grown < megabytes,
    `${grown.toFixed(2)} MB, ${heapSlope(judged).toFixed(2)} bytes a message`,
  );
}
