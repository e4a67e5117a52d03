import type { Findings } from '../findings.js';
import type { Checkpoint } from '../measure/checkpoint.js';
import { totalOf } from '../telemetry/span-key.js';
import { afterWarmUp } from '../verdicts/growth-verdicts.js';
import type { Verdict } from '../verdicts/verdict.js';
import { circumstances } from './circumstances.js';
import { grouped, megabytes, tableOf } from './markdown.js';

/** What goes into the README: what was done, what was held from beginning to end, and whether it was right. */
export function reportOn(findings: Findings, verdicts: readonly Verdict[]): string {
  const { messages, seconds } = findings;
  const rate = Math.round(messages / seconds);
  return [
    `${circumstances()}: ${grouped(messages)} messages in ${duration(seconds)}, ${grouped(rate)} a second.`,
    tableOf(['messages and spans', 'count'], counted(findings)),
    held(findings.checkpoints),
    tableOf(
      ['verdict', 'holds', 'found'],
      verdicts.map(({ claim, holds, found }) => [claim, holds ? 'yes' : 'NO', found]),
    ),
  ].join('\n\n');
}

function counted({
  counts,
  startedSpans,
  endedSpans,
  receivedSpans,
  processedSpans,
}: Findings): readonly string[][] {
  const handled =
    counts.eventDeliveries +
    counts.deadLetterDeliveries +
    counts.requestDeliveries +
    counts.deliveriesOfFirst +
    counts.deliveriesOfSecond;
  const failed = counts.failedEvents + counts.failedInFirst + counts.failedInSecond;
  return [
    [
      'events sent (`emit`, `emitBatch`, plain kafkajs)',
      grouped(counts.emitted + counts.emittedInBatches + counts.plainToFirst + counts.plainToSecond),
    ],
    ['requests sent', grouped(counts.requests)],
    [
      '… answered; with an error; given up by the caller',
      [counts.answered, counts.refused, counts.unsubscribed + counts.timedOut].map(grouped).join('; '),
    ],
    ['calls of handlers', grouped(handled)],
    ['… that failed, and were tried again', grouped(failed + counts.retriedRequests)],
    ['… that hung, and were given up', grouped(counts.givenUp)],
    ['dead letters', grouped(counts.deadLetters)],
    ['spans started', grouped(startedSpans)],
    ['spans ended', grouped(totalOf(endedSpans))],
    ["spans dropped by the SDK's own queue", grouped(processedSpans.dropped)],
    ['spans received over OTLP/HTTP', grouped(totalOf(receivedSpans))],
  ];
}

function held(checkpoints: readonly Checkpoint[]): string {
  const judged = afterWarmUp(checkpoints);
  const columns = pick(judged, 5);
  const row = (name: string, valueOf: (one: Checkpoint) => string): string[] => [
    name,
    ...columns.map(valueOf),
  ];
  const live = (name: string, ...classes: string[]): string[] =>
    row(name, ({ live: { byClass } }) => grouped(classes.reduce((sum, one) => sum + (byClass[one] ?? 0), 0)));
  return tableOf(
    ['after a full garbage collection', ...columns.map(({ messages }) => `at ${grouped(messages)}`)],
    [
      row('heap', ({ heapBytes }) => megabytes(heapBytes)),
      row('buffers', ({ externalBytes }) => megabytes(externalBytes)),
      row('spans open', ({ openSpans }) => grouped(openSpans)),
      live('span objects', 'SpanImpl'),
      live("the library's deliveries, sends, requests, steps", 'Delivery', 'Sending', 'Request', 'Step'),
      row('listeners', (one) => grouped(one.live.listeners)),
      row('entries of Maps and Sets', (one) => grouped(one.live.entries)),
      row('timers', ({ resources }) => grouped(resources['Timeout'] ?? 0)),
      row('sockets', ({ resources }) => grouped(resources['TCPSocketWrap'] ?? 0)),
      live('promises', 'Promise'),
      live('functions', 'Function', 'AsyncFunction'),
    ],
  );
}

/** The first, the last, and some between them. */
function pick<T>(all: readonly T[], most: number): readonly T[] {
  const count = Math.min(most, all.length);
  return Array.from(
    { length: count },
    (_, index) => all[Math.round((index * (all.length - 1)) / Math.max(1, count - 1))]!,
  );
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round(seconds % 60);
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
