import type { Findings } from '../../../soak/findings.js';
import type { Checkpoint } from '../../../soak/measure/checkpoint.js';
import { totalOf } from '../../../soak/telemetry/span-key.js';
import { expectedSpans } from '../../../soak/verdicts/expected-spans.js';
import { Ledger } from '../../../soak/workload/ledger.js';
import {
  DEAD_LETTERS,
  EVENTS,
  FIRST_BATCHES,
  REPLIES,
  REQUESTS,
  SECOND_BATCHES,
} from '../../../soak/workload/topics.js';

const MESSAGES = 20_000;

/** What a run of twenty thousand messages finds out when all is well, with what a test plants in it. */
export function findings(planted: Partial<Findings> = {}): Findings {
  const counts = {
    ...new Ledger(0).counts,
    emitted: 2_000,
    emittedInBatches: 16_000,
    eventDeliveries: 18_110,
    failedEvents: 110,
    givenUp: 20,
    deadLetters: 20,
    requests: 1_000,
    requestDeliveries: 1_010,
    retriedRequests: 10,
    refused: 20,
    unsubscribed: 20,
    timedOut: 20,
    failedInFirst: 10,
    failedInSecond: 10,
    plainToFirst: 400,
    plainToSecond: 600,
  };
  const written = {
    [EVENTS]: 18_000,
    [DEAD_LETTERS]: 20,
    [REQUESTS]: 1_000,
    [REPLIES]: 1_000,
    [FIRST_BATCHES]: 400,
    [SECOND_BATCHES]: 600,
  };
  const spans = expectedSpans(counts, written);
  return {
    messages: MESSAGES,
    settled: MESSAGES,
    settledTwice: 0,
    counts,
    written,
    startedSpans: totalOf(spans),
    endedSpans: spans,
    receivedSpans: spans,
    processedSpans: { dropped: 0, refused: 0 },
    complaints: [],
    checkpoints: checkpoints(),
    seconds: 10,
    ...planted,
  };
}

/** What is planted at a checkpoint, by its index. */
export type Plant = (index: number) => {
  readonly heapBytes?: number;
  readonly listeners?: number;
  readonly entries?: number;
  readonly timers?: number;
  readonly spans?: number;
  readonly openSpans?: number;
};

/** Those of a run in which nothing grows: everything goes up and down a little, as it does. */
export function checkpoints(plant: Plant = () => ({}), count = 20): readonly Checkpoint[] {
  return Array.from({ length: count }, (_, index) => {
    const noise = [0, 3, 1, 4, 2][index % 5]!;
    const planted = plant(index);
    return {
      messages: (MESSAGES / count) * (index + 1),
      heapBytes: 22_000_000 + noise * 50_000 + (planted.heapBytes ?? 0),
      externalBytes: 2_800_000 + noise * 30_000,
      live: {
        byClass: { Function: 15_138 + noise, SpanImpl: noise % 3, Delivery: 1, ...spansOf(planted.spans) },
        entries: 775 + noise + (planted.entries ?? 0),
        listeners: 128 + (noise % 2) * 6 + (planted.listeners ?? 0),
      },
      resources: { Timeout: 20 + (planted.timers ?? 0), TCPSocketWrap: 10 },
      openSpans: planted.openSpans ?? 0,
    };
  });
}

function spansOf(planted: number | undefined): Readonly<Record<string, number>> {
  return planted === undefined ? {} : { SpanImpl: planted };
}
