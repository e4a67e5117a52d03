import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { median, ratio } from '../rounds.js';
import { register } from '../sdk.js';
import { Table, times } from '../table.js';
import { type Case, type Rounds, type TravelPlan, measureTravels, spread } from './end-to-end.js';
import { TRAVELLING } from './kafka-of-side.js';

const HEADINGS = [
  'topics',
  'headers',
  'a round',
  'side',
  'messages/s',
  'to untraced',
  'to floor',
  'to floor+errors',
  'CPU µs/message',
  'p50 ms',
  'p99 ms',
];

const UNKNOWN = 'not measurable here';

/** Above it a difference of a few percent would be chance. */
const MOST_SPREAD = 0.05;

/** How much of the floor's throughput is to be left. */
const LEAST_TO_FLOOR = 0.97;

/** Measures and prints messages that go through a real Kafka, from emit to handler. */
export async function endToEnd(cases: readonly Case[], plan: TravelPlan): Promise<void> {
  const registered = register('sampled');
  const title = `Through Kafka, from emit to handler: ${plan.rounds} rounds of so many messages on each side, ${plan.atATime} at a time`;
  const ratios = ['to untraced', 'to floor', 'to floor+errors'].map((heading) => [heading, UNKNOWN.length]);
  const widths = {
    side: 'untraced (10.0 %)'.length,
    ...(Object.fromEntries(ratios) as Record<string, number>),
  };
  const table = new Table(title, HEADINGS, widths);
  const slow: string[] = [];
  for (const one of cases) {
    const kafka = await EmbeddedKafka.start(); // For each row: it is not to inherit topics of those before it.
    try {
      const rounds = await measureTravels(kafka, one, plan, registered);
      print(one, rounds, table);
      slow.push(...slowIn(one, rounds));
    } finally {
      await kafka.stop();
    }
  }
  process.stdout.write(slow.map((line) => `\nBelow the target: ${line}`).join('') + '\n');
}

/** In words, where it can be measured. */
function slowIn({ topics, headers }: Case, rounds: Rounds): readonly string[] {
  const toFloor = ratio(speedsOf(rounds, 'ours'), speedsOf(rounds, 'floor'));
  const isMeasured = spread(speedsOf(rounds, 'untraced')) <= MOST_SPREAD;
  return isMeasured && toFloor < LEAST_TO_FLOOR
    ? [`${topics} topics, ${headers} headers: ${times(toFloor)} the floor, ${LEAST_TO_FLOOR} at least`]
    : [];
}

function speedsOf(rounds: Rounds, side: keyof Rounds): number[] {
  return rounds[side].map((round) => round.messagesPerSecond);
}

function print({ topics, headers, messages }: Case, rounds: Rounds, table: Table): void {
  const speeds = (side: keyof Rounds): number[] => speedsOf(rounds, side);
  const apart = spread(speeds('untraced'));
  for (const side of TRAVELLING) {
    const of = (what: 'cpu' | 'p50' | 'p99'): string =>
      median(rounds[side].map((round) => round[what])).toFixed(1);
    const to = (other: keyof Rounds): string =>
      apart > MOST_SPREAD ? UNKNOWN : times(ratio(speeds(side), speeds(other)));
    table.row([
      String(topics),
      String(headers),
      String(messages),
      side === 'untraced' ? `untraced (${(apart * 100).toFixed(1)} %)` : side,
      median(speeds(side)).toFixed(0),
      side === 'untraced' ? '' : to('untraced'),
      side === 'ours' ? to('floor') : '',
      side === 'ours' ? to('floor+errors') : '',
      of('cpu'),
      of('p50'),
      of('p99'),
    ]);
  }
}
