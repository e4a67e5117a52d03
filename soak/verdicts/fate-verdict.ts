import type { Findings } from '../findings.js';
import { grouped } from '../report/markdown.js';
import {
  BLOCK,
  type EventFate,
  type RequestFate,
  blockFrom,
  failsInBatch,
  fateOfEvent,
  fateOfRequest,
} from '../workload/fates.js';
import { type Verdict, verdict } from './verdict.js';

/** At how many deliveries an event fails. */
const FAILURES: Readonly<Record<EventFate, number>> = {
  succeeds: 0,
  'is slow': 0,
  'fails once': 1,
  'fails twice': 2,
  'is retried': 1,
  hangs: 1,
  'is a dead letter': 2,
};

/**
 * Whether what was to fail has failed, as often as it should: all other numbers would be equal as well in a run that goes all
 * too well.
 */
export function fateVerdict({ messages, counts }: Findings): Verdict {
  const blocks = Array.from({ length: messages / BLOCK }, (_, index) => blockFrom(index * BLOCK));
  const events = tally(blocks.flatMap(({ batch, events }) => [...batch, ...events]).map(fateOfEvent));
  const requests = tally(blocks.flatMap((block) => block.requests).map(fateOfRequest));
  const ofEvents = Object.entries(FAILURES) as [EventFate, number][];
  const fates: readonly (readonly [string, number, number])[] = [
    [
      'failed events',
      counts.failedEvents,
      ofEvents.reduce((sum, [fate, failures]) => sum + failures * events(fate), 0),
    ],
    ['given up', counts.givenUp, events('hangs')],
    ['dead letters', counts.deadLetters, events('is a dead letter')],
    ['retried requests', counts.retriedRequests, requests('is retried')],
    ['refused requests', counts.refused, requests('is refused')],
    ['unsubscribed', counts.unsubscribed, requests('is unsubscribed')],
    ['timed out', counts.timedOut, requests('times out')],
    [
      'failed in batches',
      counts.failedInFirst + counts.failedInSecond,
      blocks.flatMap(({ plain }) => plain).filter(failsInBatch).length,
    ],
  ];
  const wrong = fates.filter(([, count, expected]) => count !== expected);
  const told = (wrong.length > 0 ? wrong : fates).map(([name, count, expected]) =>
    count === expected
      ? `${name} ${grouped(count)}`
      : `${name} ${grouped(count)} instead of ${grouped(expected)}`,
  );
  return verdict('what was to fail has failed, as often as it was to', wrong.length === 0, told.join(', '));
}

function tally<T extends EventFate | RequestFate>(fates: readonly T[]): (fate: T) => number {
  const counts = new Map<T, number>();
  for (const fate of fates) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  return (fate) => counts.get(fate) ?? 0;
}
