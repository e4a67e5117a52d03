import type { Findings } from '../findings.js';
import { grouped } from '../report/markdown.js';
import { type SpanCounts, totalOf } from '../telemetry/span-key.js';
import {
  DEAD_LETTERS,
  EVENTS,
  FIRST_BATCHES,
  REPLIES,
  REQUESTS,
  SECOND_BATCHES,
} from '../workload/topics.js';
import { expectedSpans } from './expected-spans.js';
import { type Verdict, verdict } from './verdict.js';

/** Whether numbers that must be equal are. */
export function countVerdicts(findings: Findings): readonly Verdict[] {
  return [everyMessageOnce(findings), onTheBroker(findings), ...ofSpans(findings), quiet(findings)];
}

function everyMessageOnce({ messages, settled, settledTwice }: Findings): Verdict {
  return verdict(
    'every message is settled, and once',
    settled === messages && settledTwice === 0,
    `${grouped(settled)} of ${grouped(messages)}, ${settledTwice} twice`,
  );
}

/** The broker's own numbers tell whether the application counted right, tracing aside. */
function onTheBroker({ counts, written }: Findings): Verdict {
  const expected: Readonly<Record<string, number>> = {
    [EVENTS]: counts.emitted + counts.emittedInBatches,
    [DEAD_LETTERS]: counts.deadLetters,
    [REQUESTS]: counts.requests,
    [REPLIES]: counts.requestDeliveries - counts.retriedRequests,
    [FIRST_BATCHES]: counts.plainToFirst,
    [SECOND_BATCHES]: counts.plainToSecond,
  };
  const wrong = Object.entries(expected).filter(([topic, count]) => written[topic] !== count);
  return verdict(
    'the broker has what was sent',
    wrong.length === 0,
    wrong.length === 0
      ? `${grouped(Object.values(expected).reduce((sum, count) => sum + count, 0))} messages`
      : wrong.map(([topic, count]) => `${topic}: ${written[topic]} instead of ${count}`).join('; '),
  );
}

function ofSpans({
  counts,
  written,
  startedSpans,
  endedSpans,
  receivedSpans,
  processedSpans,
}: Findings): readonly Verdict[] {
  const expected = expectedSpans(counts, written);
  const ended = totalOf(endedSpans);
  const received = totalOf(receivedSpans);
  const { dropped, refused } = processedSpans;
  return [
    verdict(
      'spans ended = spans started',
      ended === startedSpans,
      `${grouped(ended)} ended, ${grouped(startedSpans)} started`,
    ),
    verdict(
      'spans ended = sends, deliveries, steps and requests, of every kind, errors among them',
      differences(endedSpans, expected).length === 0,
      differences(endedSpans, expected).join('; ') ||
        `${grouped(ended)} of ${Object.keys(expected).length} kinds`,
    ),
    verdict(
      "spans received = spans ended, but for what the SDK's own queue dropped",
      received === ended - dropped && (dropped > 0 || differences(receivedSpans, endedSpans).length === 0),
      `${grouped(received)} received, ${grouped(ended)} ended, ${grouped(dropped)} dropped`,
    ),
    verdict('no export failed', refused === 0, `${refused} spans not taken`),
  ];
}

function quiet({ complaints }: Findings): Verdict {
  return verdict('nothing warns', complaints.length === 0, complaints.slice(0, 5).join('; ') || 'no warning');
}

function differences(found: SpanCounts, expected: SpanCounts): readonly string[] {
  const keys = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return [...keys].flatMap((key) => {
    const one = found[key] ?? NONE;
    const other = expected[key] ?? NONE;
    return one.spans === other.spans && one.errors === other.errors
      ? []
      : [`${key}: ${said(one)} instead of ${said(other)}`];
  });
}

const NONE = { spans: 0, errors: 0 };

function said({ spans, errors }: SpanCounts[string]): string {
  return `${spans} (${errors} errors)`;
}
