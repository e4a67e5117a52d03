import { describe, expect, it } from 'vitest';
import { nullHeader } from '../support/null-header.js';
import { type Sender, strangeOutcome } from '../support/strange-messages.js';
import { useTracing } from '../support/tracing.js';

/** By whom, what, and how it looks on arrival; some are refused, in the words of Nest or of kafkajs. */
const MESSAGES: readonly (readonly [
  sender: Sender,
  what: string,
  message: () => unknown,
  isRefused: boolean,
])[] = [
  ['a stranger', 'null everything', () => ({ key: null, value: null, headers: undefined }), false],
  [
    'a stranger',
    'null for each header, too',
    () => ({ key: null, value: null, headers: { a: nullHeader(), traceparent: nullHeader() } }),
    false,
  ],
  [
    'the application',
    'null everything',
    () => ({ key: null, value: null, headers: null, partition: null, timestamp: null }),
    false,
  ],
  [
    'the application',
    'null for each header, too',
    () => ({ key: null, value: null, headers: { a: null, traceparent: null } }),
    true,
  ],
  ['the application', 'null, and no message at all', () => null, true],
  ['the application', 'nothing at all', () => undefined, true],
];

const NULLS = { a: null, traceparent: null };

describe('a message with null everything is delivered and handled exactly as without the module', () => {
  const spans = useTracing();

  it.each(MESSAGES)('of %s, with %s', async (sender, what, message, isRefused) => {
    const without = await strangeOutcome(sender, message, false);
    expect(without.handled).toHaveLength(isRefused ? 1 : 2);
    expect(without.refusal !== undefined).toBe(isRefused);
    expect(spans.finished).toEqual([]);

    const outcome = await strangeOutcome(sender, message, {
      correlationId: 'id',
      captureHeaders: ['a'],
      bodySize: true,
    });

    expect(outcome).toEqual(without);
    expect(sender === 'a stranger' && what.includes('header') ? outcome.headers : NULLS).toEqual(NULLS);
    expect(spans.finished.length).toBeGreaterThan(0);
  });
});
