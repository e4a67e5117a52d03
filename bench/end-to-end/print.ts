import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { median, ratio } from '../rounds.js';
import { register } from '../sdk.js';
import { Table, times } from '../table.js';
import { type Case, type Rounds, type TravelPlan, measureTravels, spread } from './end-to-end.js';
import { TRAVELLING } from './kafka-of-side.js';

const HEADINGS = [
  'topics',
  'headers',
  'side',
  'messages/s',
  'to untraced',
  'to floor',
  'to floor+errors',
  'CPU µs/message',
  'p50 ms',
  'p99 ms',
];

/** Above it a difference of a few percent would be chance. */
const MOST_SPREAD = 0.05;

/** Measures and prints messages that go through a real Kafka, from emit to handler. */
export async function endToEnd(cases: readonly Case[], plan: TravelPlan): Promise<void> {
  const registered = register('sampled');
  const kafka = await EmbeddedKafka.start();
  try {
    const title = `Through Kafka, from emit to handler: ${plan.rounds} rounds of ${plan.messages} messages, ${plan.atATime} at a time`;
    const table = new Table(title, HEADINGS, { side: 'untraced (± 10.0 %)'.length });
    for (const one of cases) {
      print(one, await measureTravels(kafka, one, plan, registered), table);
    }
  } finally {
    await kafka.stop();
  }
}

function print({ topics, headers }: Case, rounds: Rounds, table: Table): void {
  const speeds = (side: keyof Rounds): number[] => rounds[side].map((round) => round.messagesPerSecond);
  const apart = spread(speeds('untraced'));
  for (const side of TRAVELLING) {
    const of = (what: 'cpu' | 'p50' | 'p99'): string =>
      median(rounds[side].map((round) => round[what])).toFixed(1);
    const to = (other: keyof Rounds): string =>
      apart > MOST_SPREAD ? 'not measurable here' : times(ratio(speeds(side), speeds(other)));
    table.row([
      String(topics),
      String(headers),
      side === 'untraced' ? `untraced (± ${(apart * 100).toFixed(1)} %)` : side,
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
