import { describe, expect, it } from 'vitest';
import type { Findings } from '../../../soak/findings.js';
import type { SpanCounts } from '../../../soak/telemetry/span-key.js';
import { verdictsOn } from '../../../soak/verdicts/verdicts.js';
import { EVENTS, REQUESTS } from '../../../soak/workload/topics.js';
import { type Plant, checkpoints, findings } from '../support/findings.js';

const PROCESS = `CONSUMER process ${EVENTS}`;

describe('the verdicts on a run', () => {
  it.each([true, false])('all hold where nothing is lost and nothing grows (short: %s)', (isShort) => {
    expect(failedIn(findings(), isShort)).toEqual([]);
  });

  it.each<[string, Partial<Findings>]>([
    ['what was to fail has failed, as often as it was to', { counts: { ...findings().counts, givenUp: 19 } }],
    ['every message is settled, and once', { settled: 19_999 }],
    ['every message is settled, and once', { settledTwice: 1 }],
    ['the broker has what was sent', { written: { ...findings().written, [REQUESTS]: 999 } }],
    ['spans ended = spans started', { startedSpans: findings().startedSpans + 1 }],
    ['no export failed', { processedSpans: { dropped: 0, refused: 1 } }],
    ['nothing warns', { complaints: ['MaxListenersExceededWarning: Possible EventEmitter memory leak'] }],
  ])('"%s" fails alone where just that is not so', (claim, planted) => {
    expect(failedIn(findings(planted))).toEqual([claim]);
  });

  it('tell which spans are too few, and which have no error status', () => {
    const { endedSpans } = findings();
    const planted = changed(endedSpans, { spans: -1, errors: -2 });

    const [failed] = verdictsOn(
      findings({ endedSpans: planted, receivedSpans: planted, startedSpans: findings().startedSpans - 1 }),
      false,
    ).filter(({ holds }) => !holds);

    expect(failed?.claim).toMatch(/^spans ended = sends, deliveries/);
    expect(failed?.found).toBe(`${PROCESS}: 18109 (108 errors) instead of 18110 (110 errors)`);
  });

  it('tell of a span of a kind that nobody expects', () => {
    const { endedSpans, startedSpans } = findings();
    const planted = { ...endedSpans, 'INTERNAL stray': { spans: 1, errors: 0 } };

    expect(
      failedIn(findings({ endedSpans: planted, receivedSpans: planted, startedSpans: startedSpans + 1 })),
    ).toHaveLength(1);
  });

  it('do not forgive a span that was lost on its way', () => {
    const receivedSpans = changed(findings().endedSpans, { spans: -1, errors: 0 });

    expect(failedIn(findings({ receivedSpans }))).toEqual([
      "spans received = spans ended, but for what the SDK's own queue dropped",
    ]);
  });

  it('count apart what the queue of the SDK has dropped', () => {
    const receivedSpans = changed(findings().endedSpans, { spans: -7, errors: 0 });

    expect(failedIn(findings({ receivedSpans, processedSpans: { dropped: 7, refused: 0 } }))).toEqual([]);
    expect(failedIn(findings({ receivedSpans, processedSpans: { dropped: 6, refused: 0 } }))).toHaveLength(1);
  });

  it.each<[string, Plant]>([
    ['no span is open at any checkpoint', (index) => ({ openSpans: index === 3 ? 1 : 0 })],
    ['no listener is added', (index) => ({ listeners: index * 4 })],
    ['no Map or Set gets more entries', (index) => ({ entries: index * 3 })],
    ['no timer and no socket is added', (index) => ({ timers: index * 3 })],
    ['no class has more objects', (index) => ({ spans: index * 3 })],
    ['the heap grows by less than 1 MB over all messages', (index) => ({ heapBytes: index * 60_000 })],
  ])('"%s" fails alone where that grows', (claim, plant) => {
    expect(failedIn(findings({ checkpoints: checkpoints(plant) }))).toEqual([claim]);
  });

  it('find in a short run a span that leaks with each of a hundred messages', () => {
    const leaking = checkpoints((index) => ({ spans: index * 25 }), 8);

    expect(failedIn(findings({ checkpoints: leaking }), true)).toEqual(['no class has more objects']);
  });

  it('forgive in a short run the heap what V8 compiles', () => {
    const compiling = checkpoints((index) => ({ heapBytes: index * 300_000 }), 8);

    expect(failedIn(findings({ checkpoints: compiling }), true)).toEqual([]);
    expect(failedIn(findings({ checkpoints: compiling }))).toHaveLength(1);
  });
});

function failedIn(run: Findings, isShort = false): readonly string[] {
  return verdictsOn(run, isShort)
    .filter(({ holds }) => !holds)
    .map(({ claim }) => claim);
}

function changed(spans: SpanCounts, by: { readonly spans: number; readonly errors: number }): SpanCounts {
  const before = spans[PROCESS]!;
  return { ...spans, [PROCESS]: { spans: before.spans + by.spans, errors: before.errors + by.errors } };
}
