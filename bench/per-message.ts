import { type Context, ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import { type Calls, type Measured, measureBytes, measureTimes, median, ratio } from './rounds.js';
import { requireSame } from './same.js';
import { type Sdk, register } from './sdk.js';
import { SIDES, type Side, type SideName, makeSides } from './sides.js';
import { Table, added, micros, times } from './table.js';
import { WORK, type Work } from './work.js';

/** What a piece of work costs more than without tracing, of one message, with an SDK. */
export interface Cost {
  readonly sdk: Sdk;
  readonly work: Work;
  /** Ours by the floor's, and by the auto-instrumentation's: the median of the ratios of all rounds. */
  readonly toFloor: number;
  readonly toAuto: number;
  /** What ours adds to one message: microseconds. */
  readonly added: number;
}

export interface MessagePlan {
  readonly rounds: number;
  /** Messages in a row of one side. */
  readonly messages: number;
  /** Rounds of bytes. */
  readonly byteRounds: number;
  readonly isWanted: (sdk: Sdk, work: Work) => boolean;
}

const HEADINGS = [
  'SDK',
  'work',
  'untraced',
  'floor',
  'ours',
  'auto',
  'ours/floor',
  'ours/auto',
  'bytes floor',
  'ours',
  'auto',
];

/** Measures and prints what tracing adds to a message: without Kafka, on kafkajs's own objects. */
export async function perMessage(plan: MessagePlan): Promise<readonly Cost[]> {
  const title = 'What tracing adds to a message, in microseconds and bytes';
  const table = new Table(title, HEADINGS, { SDK: 'unsampled'.length, work: 'handle 1000'.length });
  const costs: Cost[] = [];
  for (const sdk of ['sampled', 'unsampled', 'none', 'metrics'] satisfies Sdk[]) {
    const registered = register(sdk);
    const sides = await makeSides(registered);
    for (const work of WORK.filter((one) => plan.isWanted(sdk, one))) {
      const active = contextOf(sdk, work);
      await requireSame(work, active, [sides.floor, sides.ours], registered.seen);
      costs.push(await measure(sdk, work, active, sides, plan, table));
    }
  }
  return costs;
}

function contextOf(sdk: Sdk, { isInRequest }: Work): Context {
  return sdk === 'none' || !isInRequest
    ? ROOT_CONTEXT
    : trace.setSpan(ROOT_CONTEXT, trace.getTracer('bench').startSpan('request'));
}

async function measure(
  sdk: Sdk,
  work: Work,
  active: Context,
  sides: Readonly<Record<SideName, Side>>,
  plan: MessagePlan,
  table: Table,
): Promise<Cost> {
  const calls = Object.fromEntries(
    SIDES.map((side) => [side, (index: number) => work.call(sides[side], index)]),
  ) as Calls<SideName>;
  const ofTimes = { rounds: plan.rounds, calls: Math.max(2, Math.ceil(plan.messages / work.messages)) };
  const ofBytes = { rounds: plan.byteRounds, calls: Math.max(1, Math.ceil(200 / work.messages)) };
  const took = await context.with(active, () => measureTimes(calls, ofTimes));
  const bytes = await context.with(active, () => measureBytes(calls, ofBytes));
  const more = addedBy(took);
  const perOne = (values: readonly number[]): number => median(values) / work.messages;
  const cost: Cost = {
    sdk,
    work,
    toFloor: ratio(more.ours, more.floor),
    toAuto: ratio(more.ours, more.auto),
    added: perOne(more.ours),
  };
  const moreBytes = addedBy(bytes);
  table.row([
    sdk,
    work.name,
    micros(perOne(took.untraced)),
    ...(['floor', 'ours', 'auto'] as const).map((side) => added(perOne(more[side]))),
    times(cost.toFloor),
    times(cost.toAuto),
    ...(['floor', 'ours', 'auto'] as const).map((side) => added(perOne(moreBytes[side]), 0)),
  ]);
  return cost;
}

/** What each side has more than the untraced one, round by round. */
function addedBy(measured: Measured<SideName>): Measured<SideName> {
  const differences = SIDES.map((side) => [
    side,
    measured[side].map((value, round) => value - measured.untraced[round]!),
  ]);
  return Object.fromEntries(differences) as Measured<SideName>;
}
