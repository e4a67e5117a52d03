import type { RecordedSpan } from './recorded-span.js';
import { SpanRecorderError } from './span-recorder.error.js';

/** What a recorder has, at the moment when a test has waited long enough. */
interface Recorded {
  readonly finished: readonly RecordedSpan[];
  readonly open: readonly RecordedSpan[];
}

/** @internal */
export function tooFew(
  { finished, open }: Recorded,
  name: string,
  count: number,
  deadlineMs: number,
): SpanRecorderError {
  const problem = `Waited ${deadlineMs} ms until ${count} of \`${name}\` ended, in vain.`;
  const there = `Ended: ${names(finished)}; open: ${names(open)}.`;
  return new SpanRecorderError(
    'SPAN_RECORDER_TOO_FEW',
    `${problem} ${there}`,
    cure({ finished, open }, name),
  );
}

/** @internal */
export function tooMany(spans: readonly RecordedSpan[], name: string, count: number): SpanRecorderError {
  const places = spans
    .map((span) => span.spanContext())
    .map((is) => `trace ${is.traceId}, span ${is.spanId}`);
  return new SpanRecorderError(
    'SPAN_RECORDER_TOO_MANY',
    `Expected ${count} of \`${name}\`, and ${spans.length} have ended: ${places.join('; ')}.`,
    'Await them all with `all(name, count)`; are they those of another test, call `reset()` before each.',
  );
}

function cure({ finished, open }: Recorded, name: string): string {
  if (open.some((span) => span.name === name)) {
    return 'One is open: let the test await what ends it, or raise `deadlineMs`.';
  }
  if (finished.length + open.length > 0) {
    return 'Compare the names, or raise `deadlineMs`.';
  }
  return 'Nothing at all was recorded: give this recorder to the tracer provider that the application uses, or start it with `SpanRecorder.start()`, before the application is created.';
}

/** `send orders, process orders (2)` */
function names(spans: readonly RecordedSpan[]): string {
  const counts = new Map<string, number>();
  spans.forEach(({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1));
  const list = [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return list.join(', ') || 'none';
}
