import type { IHeaders } from 'kafkajs';
import { traceKafka } from 'nestjs-kafka-tracing';
import { describe, expect, it, vi } from 'vitest';
import { doubled } from '../support/doubled-driver.js';
import { plainKafka } from '../support/kafka.js';
import { manyHeaders } from '../support/many-headers.js';
import { type Sender, strangeOutcome } from '../support/strange-messages.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
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
  ['10,000 headers, of 100 names', TEN_THOUSAND_HEADERS],
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

describe('a message past a driver that does not read it', () => {
  const spans = useTracing();
  const headers = manyHeaders('x-', 10_000, Buffer.from('x')) as IHeaders;

  it('is sent exactly as it is given, with 10,000 headers of as many names', async () => {
    const { producer, send } = doubled(async () => []);
    await producer.send({ topic: 'orders', messages: [{ key: 'k', value: 'v', headers }] });

    const [message] = send.mock.calls[0]![0].messages;
    const { headers: carried, ...rest } = message!;
    const { traceparent: written, ...others } = carried!;
    expect(rest).toEqual({ key: 'k', value: 'v' });
    expect(isSame(others, headers)).toBe(true);
    const sent = await spans.one('send orders');
    expect(String(written)).toContain(sent.spanContext().spanId);
  });

  it('is handled exactly as it is given, with 10,000 headers of as many names', async () => {
    const kafka = plainKafka();
    const driver = kafka.consumer({ groupId: 'group' });
    const run = vi.spyOn(driver, 'run').mockResolvedValue();
    kafka.consumer = () => driver;
    const handled: unknown[] = [];
    await traceKafka(kafka)
      .consumer({ groupId: 'group' })
      .run({ eachMessage: async ({ message }) => void handled.push(message) });

    const behind = { ...headers, traceparent: Buffer.from(traceparent(1)) };
    const message = { key: null, value: null, timestamp: '0', attributes: 0, offset: '7', headers: behind };
    const payload = {
      topic: 'orders',
      partition: 0,
      message,
      heartbeat: async () => {},
      pause: () => () => {},
    };
    await run.mock.calls[0]![0]!.eachMessage!(payload);

    expect(handled[0]).toBe(message);
    expect(Object.keys(message.headers)).toHaveLength(10_001);
    const process = await spans.one('process orders');
    expect(process.parentSpanContext?.spanId).toBe(remoteSpan(1).spanId);
  });
});

/** Where they differ, to print it would take minutes. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
