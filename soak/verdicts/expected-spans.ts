import { STEP } from '../application/events.controller.js';
import type { SpanCounts } from '../telemetry/span-key.js';
import type { Counts } from '../workload/ledger.js';
import { BLOCK_SPAN } from '../workload/sender.js';
import {
  DEAD_LETTERS,
  EVENTS,
  FIRST_BATCHES,
  REPLIES,
  REQUESTS,
  SECOND_BATCHES,
} from '../workload/topics.js';

/**
 * The spans that a run must have, and how many of them with the error status: from what the application counted itself, and
 * for replies, which only Nest sees, from what the broker has.
 */
export function expectedSpans(counts: Counts, written: Readonly<Record<string, number>>): SpanCounts {
  const replies = written[REPLIES] ?? 0;
  return {
    [`INTERNAL ${BLOCK_SPAN}`]: spans(counts.blocks),
    [`CLIENT send ${EVENTS}`]: spans(counts.emittedBatches),
    [`PRODUCER create ${EVENTS}`]: spans(counts.emittedInBatches),
    [`PRODUCER send ${EVENTS}`]: spans(counts.emitted),
    [`CONSUMER process ${EVENTS}`]: spans(counts.eventDeliveries, counts.failedEvents),
    [`INTERNAL ${STEP}`]: spans(counts.eventDeliveries, counts.failedEvents),
    [`PRODUCER send ${DEAD_LETTERS}`]: spans(counts.deadLetters),
    [`CONSUMER process ${DEAD_LETTERS}`]: spans(counts.deadLetterDeliveries),
    [`CLIENT request ${REQUESTS}`]: spans(
      counts.requests,
      counts.refused + counts.unsubscribed + counts.timedOut,
    ),
    [`PRODUCER send ${REQUESTS}`]: spans(counts.requests),
    [`CONSUMER process ${REQUESTS}`]: spans(
      counts.requestDeliveries,
      counts.refusedRequests + counts.retriedRequests,
    ),
    [`PRODUCER send ${REPLIES}`]: spans(replies),
    [`CONSUMER process ${REPLIES}`]: spans(replies),
    'CLIENT send': spans(counts.plainSends), // To two topics at once: it names none.
    [`PRODUCER create ${FIRST_BATCHES}`]: spans(counts.plainToFirst),
    [`PRODUCER create ${SECOND_BATCHES}`]: spans(counts.plainToSecond),
    // One for the batch, and one for each message in it.
    [`CONSUMER process ${FIRST_BATCHES}`]: spans(
      counts.batchesOfFirst + counts.deliveriesOfFirst,
      counts.failedBatchesOfFirst + counts.failedInFirst,
    ),
    [`CONSUMER process ${SECOND_BATCHES}`]: spans(
      counts.batchesOfSecond + counts.deliveriesOfSecond,
      counts.failedBatchesOfSecond + counts.failedInSecond,
    ),
  };
}

function spans(count: number, errors = 0): SpanCounts[string] {
  return { spans: count, errors };
}
