import { describe, expect, it } from 'vitest';
import { manyHeaders } from '../support/many-headers.js';
import { type Sender, strangeOutcome } from '../support/strange-messages.js';
import { traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const MEGABYTE = 1_048_576;

const SENDERS: readonly Sender[] = ['a stranger', 'the application'];

// A hundred names a hundred times each: to read ten thousand names takes kafkajs, which copies all for each one, many seconds.
const TEN_THOUSAND_HEADERS = {
  ...manyHeaders(
    'x-',
    100,
    Array.from({ length: 100 }, (_, n) => `x${n}`),
  ),
  traceparent: traceparent(1),
};

const HEADERS: readonly (readonly [what: string, headers: Readonly<Record<string, unknown>>])[] = [
  ['a header of 1 MiB', { 'x-other': Buffer.alloc(MEGABYTE, 0xfe), behind: 'it' }],
  ['a traceparent of 1 MiB', { traceparent: `${traceparent(1)},`.repeat(MEGABYTE / 56), behind: 'it' }],
  ['a baggage of 1 MiB', { traceparent: traceparent(1), baggage: 'a=1,'.repeat(MEGABYTE / 4), behind: 'it' }],
  ['10,000 headers', TEN_THOUSAND_HEADERS],
  [
    '1,000 repeated traceparents',
    { traceparent: Array.from({ length: 1_000 }, (_, n) => traceparent(n + 1)), behind: 'it' },
  ],
];

describe.each(SENDERS)('a message of %s is delivered and handled exactly as without the module', (sender) => {
  const spans = useTracing();

  it.each(HEADERS)('with %s', async (_what, headers) => {
    const message = () => ({ key: 'k', value: 'v', headers: { ...headers } });
    const without = await strangeOutcome(sender, message, false);
    expect(without).toMatchObject({
      handled: [{ key: 'k', value: 'v' }, { key: 'behind' }],
      committed: { topic: ['2'] },
    });
    expect(spans.finished).toEqual([]);

    const outcome = await strangeOutcome(sender, message, {
      correlationId: 'id',
      captureHeaders: ['x-other', 'x-1', 'traceparent', 'baggage'],
    });

    expect(isSame(outcome, without)).toBe(true);
    expect(spans.finished.length).toBeGreaterThan(0);
  });
});

/** Where they differ, to print it would take minutes. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
