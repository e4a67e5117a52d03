import { type Context, ROOT_CONTEXT, createTraceState, diag, trace } from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asFirstRound, calledInHealthyRun } from '../support/called-seams.js';
import type { CommittedOffsets } from '../support/committed-offsets.js';
import { recordReports } from '../support/diag-reports.js';
import { freshLibrary } from '../support/fresh-library.js';
import {
  Messaging,
  type MessagingOutcome,
  messagingOutcome,
  useMessagingTopics,
} from '../support/messaging.js';
import { NEVER_CALLED, NOT_BROKEN } from '../support/seams-not-broken.js';
import { Seams } from '../support/seams.js';
import { remoteSpan, withBaggage } from '../support/trace-context.js';
import { useCoordinators } from '../support/transactions.js';
import { CORRELATION_ID } from '../support/user-messages.js';
import { registerWholeSdk, unregisterWholeSdk } from '../support/whole-sdk.js';

const SETUP = {
  options: {
    correlationId: CORRELATION_ID,
    captureHeaders: ['text'],
    baggage: { maxEntries: 1 },
    maxTracestateBytes: 8,
    topics: [{ match: 'no-topic-of-theirs-*', template: 'none' }],
    bodySize: true,
    classifyError: () => 'error' as const,
    onSend() {},
    onProcess() {},
  },
  caller: callerWithMore,
};

// Before the tests are collected: each seam that is called is a test, so that a new one is tested by itself.
registerWholeSdk();
const called = await calledInHealthyRun(SETUP);
const [onceInARun, eachTime] = [called.onceInARun, called.eachTime].map((seams) =>
  seams.filter((seam) => !NOT_BROKEN.includes(seam)),
) as [string[], string[]];

describe('messages are delivered and handled exactly as without the module, when its own code throws in', () => {
  useCoordinators();
  const freshTopics = useMessagingTopics(onceInARun.length + 1);
  let without: MessagingOutcome;

  beforeAll(async () => {
    without = await messagingOutcome(freshTopics(), { caller: callerWithMore });
  });
  afterAll(unregisterWholeSdk);

  it('no seam that is left out in vain', () => {
    const all = [...called.onceInARun, ...called.eachTime];
    expect(NOT_BROKEN.filter((seam) => !all.includes(seam))).toEqual([]);
    expect([onceInARun.length > 30, eachTime.length > 100]).toEqual([true, true]);
  });

  it('no seam but those for which a healthy run has no use', () => {
    expect(called.never).toEqual(NEVER_CALLED.toSorted());
  });

  describe('what is called while an application starts, at its first messages, or while it ends:', () => {
    beforeEach(forgetApplications);
    afterEach(() => diag.disable());

    it.each(onceInARun)('%s', async (seam) => {
      const seams = new Seams();
      const library = await freshLibrary();
      seams.break(seam);
      const reports = recordReports();
      expect(await messagingOutcome(freshTopics(), { ...SETUP, library })).toEqual(without);
      expect(seams.throws).toBeGreaterThan(0);
      expect(reports).toContainEqual(expect.stringMatching(/^nestjs-kafka-tracing failed to /));
    });
  });

  describe('what is called for each message:', () => {
    let seams: Seams;
    let messaging: Messaging;
    let [rounds, isClosed] = [0, false];
    const freshTopics = useMessagingTopics(1);

    beforeAll(async () => {
      forgetApplications();
      seams = new Seams();
      messaging = await Messaging.start(freshTopics(), { ...SETUP, library: await freshLibrary() });
    });
    afterEach(() => seams.mend());
    afterAll(() => isClosed || messaging.close());

    it.each(eachTime)('%s', async (seam) => {
      seams.break(seam);
      rounds += 1;
      expect(asFirstRound(await messaging.round())).toEqual(asFirstRound(without));
      expect(seams.throws).toBeGreaterThan(0);
    });

    it('and in the end as much is committed', async () => {
      isClosed = true;
      expect(await messaging.close()).toEqual(committedAfter(rounds, without));
      expect(rounds).toBeGreaterThan(100);
    });
  });
});

/** What so many rounds commit, of which each is as the first one. */
function committedAfter(rounds: number, { committed }: MessagingOutcome): CommittedOffsets {
  return Object.fromEntries(
    Object.entries(committed).map(([topic, offsets]) => [
      topic,
      offsets.map((offset) => (offset === '-1' ? offset : String(rounds * Number(offset)))),
    ]),
  );
}

/** More baggage and tracestate than the options allow. */
function callerWithMore(): Context {
  const traceState = createTraceState('one=1,another=2');
  const span = trace.setSpanContext(ROOT_CONTEXT, { ...remoteSpan(1), traceState });
  return withBaggage(span, { one: '1', another: '2' });
}

/** One whose end has failed on purpose would own what the next one makes. */
function forgetApplications(): void {
  delete (globalThis as { [key: symbol]: unknown })[Symbol.for('nestjs-kafka-tracing.applications')];
}
