import { setImmediate } from 'node:timers/promises';

/** What is measured, by the names of sides: one call each, which may be awaited. */
export type Calls<Name extends string> = Readonly<Record<Name, (index: number) => unknown>>;

export interface Plan {
  /** How often all sides are measured, one after the other. */
  readonly rounds: number;
  /** Calls in a row of one side. */
  readonly calls: number;
}

/** What a side took for one call, in each round: microseconds, or bytes. */
export type Measured<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** Interleaved, in another order each round, so that what changes on the machine meanwhile meets all of them. */
export async function measureTimes<Name extends string>(
  sides: Calls<Name>,
  plan: Plan,
): Promise<Measured<Name>> {
  return interleaved(sides, plan, async (call, first) => {
    const start = process.hrtime.bigint();
    for (let index = 0; index < plan.calls; index += 1) {
      await call(first + index);
    }
    return Number(process.hrtime.bigint() - start) / 1000 / plan.calls;
  });
}

/** Bytes on the heap; the process has to run with --expose-gc, and space enough for a round without a collection. */
export async function measureBytes<Name extends string>(
  sides: Calls<Name>,
  plan: Plan,
): Promise<Measured<Name>> {
  return interleaved(sides, plan, async (call, first) => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < plan.calls; index += 1) {
      await call(first + index);
    }
    return (process.memoryUsage().heapUsed - before) / plan.calls;
  });
}

/**
 * The sides in the order of a round: in twice as many rounds as there are sides, each is as often the first, and comes as often
 * after one of its neighbours as after the other, since what one leaves may be collected in the time of the next.
 */
export function inOrder<Name>(sides: readonly Name[], round: number): readonly Name[] {
  const shift = Math.floor(round / 2) % sides.length;
  const rotated = [...sides.slice(shift), ...sides.slice(0, shift)];
  return round % 2 === 0 ? rotated : rotated.toReversed();
}

const WARM_UP_ROUNDS = 10; // V8 compiles what is hot, step by step.

async function interleaved<Name extends string>(
  sides: Calls<Name>,
  { rounds, calls }: Plan,
  measure: (call: (index: number) => unknown, first: number) => Promise<number>,
): Promise<Measured<Name>> {
  const names = Object.keys(sides) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    await setImmediate(); // Else nothing but these calls would run: not even the end, where whoever started this is gone.
    for (const name of inOrder(names, round + WARM_UP_ROUNDS)) {
      const took = await measure(sides[name], (round + WARM_UP_ROUNDS) * calls);
      if (round >= 0) {
        measured[name].push(took);
      }
    }
  }
  return measured;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of the ratios of each round. */
export function ratio(values: readonly number[], to: readonly number[]): number {
  return median(values.map((value, round) => value / to[round]!));
}
