import { type Context, ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import { workForParent } from './own-process.js';
import type { Row, RowsOfSdk } from './per-message.js';
import { type Calls, type Measured, measureBytes, measureTimes, median, ratio } from './rounds.js';
import { requireSame } from './same.js';
import { type Sdk, register } from './sdk.js';
import { SIDES, type Side, type SideName, makeSides } from './sides.js';
import { type Work, worksOf } from './work.js';

const asked = JSON.parse(process.argv[2]!) as RowsOfSdk;

await workForParent(async () => {
  const { sdk } = asked;
  const registered = register(sdk);
  const sides = await makeSides(registered);
  for (const work of worksOf(sdk).filter(({ name }) => asked.works.includes(name))) {
    const active = contextOf(sdk, work);
    await requireSame(work, active, [sides.floor, sides.ours], registered.seen);
    process.send?.(await measure(work, active, sides));
  }
});

function contextOf(sdk: Sdk, { isInRequest }: Work): Context {
  return sdk === 'none' || !isInRequest
    ? ROOT_CONTEXT
    : trace.setSpan(ROOT_CONTEXT, trace.getTracer('bench').startSpan('request'));
}

async function measure(work: Work, active: Context, sides: Readonly<Record<SideName, Side>>): Promise<Row> {
  const { sdk, rounds, messages, byteRounds } = asked;
  const calls = Object.fromEntries(
    SIDES.map((side) => [side, (index: number) => work.call(sides[side], index)]),
  ) as Calls<SideName>;
  const ofTimes = { rounds, calls: Math.max(2, Math.ceil(messages / work.messages)) };
  const ofBytes = { rounds: byteRounds, calls: Math.max(1, Math.ceil(200 / work.messages)) };
  const took = await context.with(active, () => measureTimes(calls, ofTimes));
  const bytes = await context.with(active, () => measureBytes(calls, ofBytes));
  const more = addedBy(took);
  const moreBytes = addedBy(bytes);
  const perOne = (values: readonly number[]): number => median(values) / work.messages;
  const added = (measured: Measured<SideName>): Row['micros'] => ({
    floor: perOne(measured.floor),
    ours: perOne(measured.ours),
    auto: perOne(measured.auto),
  });
  return {
    sdk,
    work: work.name,
    untraced: perOne(took.untraced),
    micros: added(more),
    bytes: added(moreBytes),
    toFloor: ratio(more.ours, more.floor),
    toAuto: ratio(more.ours, more.auto),
  };
}

/** What each side has more than the untraced one, round by round. */
function addedBy(measured: Measured<SideName>): Measured<SideName> {
  const differences = SIDES.map((side) => [
    side,
    measured[side].map((value, round) => value - measured.untraced[round]!),
  ]);
  return Object.fromEntries(differences) as Measured<SideName>;
}
