import { freshLibrary } from './fresh-library.js';
import { freshName } from './kafka.js';
import { Messaging, type MessagingOutcome, type MessagingTopics, type RoundOutcome } from './messaging.js';
import type { RunSetup } from './order-application.js';
import { makeTopics } from './prepared-topics.js';
import { Seams } from './seams.js';

/** What is called in a healthy run. */
export interface CalledSeams {
  /** Only while it starts, at the first messages, or while it ends. */
  readonly onceInARun: readonly string[];
  /** Each time that something is sent or handled. */
  readonly eachTime: readonly string[];
  /** Not at all. */
  readonly never: readonly string[];
}

export async function calledInHealthyRun(setup: Omit<RunSetup, 'library'>): Promise<CalledSeams> {
  const topics: MessagingTopics = {
    orders: freshName('orders'),
    deadLetters: freshName('orders'),
    stock: freshName('orders'),
    requests: freshName('orders'),
  };
  await makeTopics([...Object.values(topics), `${topics.requests}.reply`]);
  const seams = new Seams();
  const messaging = await Messaging.start(topics, { ...setup, library: await freshLibrary() });
  await messaging.round();
  const called = new Set(seams.called);
  seams.forget();
  await messaging.round();
  const eachTime = seams.called;
  await messaging.close();
  seams.called.forEach((seam) => called.add(seam));
  return {
    onceInARun: [...called].filter((seam) => !eachTime.includes(seam)).toSorted(),
    eachTime,
    never: seams.all.filter((seam) => !called.has(seam)),
  };
}

/** With the offsets of the first round: they go on from one round to the next. */
export function asFirstRound({ orders, stock }: RoundOutcome | MessagingOutcome): RoundOutcome {
  return {
    orders: { ...orders, orders: fromZero(orders.orders), deadLetters: fromZero(orders.deadLetters) },
    stock,
  };
}

function fromZero<T extends { readonly offset: string }>(handled: readonly T[]): readonly T[] {
  return handled.map((one) => ({ ...one, offset: String(Number(one.offset) - Number(handled[0]?.offset)) }));
}
