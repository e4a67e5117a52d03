import { context, trace } from '@opentelemetry/api';
import {
  KafkaTracing,
  KafkaTracingModule,
  type KafkaTracingModuleOptions,
  type TracedEventOptions,
} from 'nestjs-kafka-tracing';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BROKEN_FUNCTIONS, breakPart, brokenParts } from '../support/broken-parts.js';
import { useContextManager, usePropagator } from '../support/broken-sdk.js';
import { freshLibrary } from '../support/fresh-library.js';
import { startContext } from '../support/nest-app.js';
import { type MessagingOutcome, messagingOutcome, useMessagingTopics } from '../support/messaging.js';
import type { Library } from '../support/order-application.js';
import { contextOf, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';
import { useCoordinators } from '../support/transactions.js';
import { CORRELATION_ID, receivedOf } from '../support/user-messages.js';

type Attributes = TracedEventOptions['attributes'];

const ALL_SPANS = [
  'create span',
  'request span',
  'span of offsets',
  'step span',
  'transaction span',
] as const;

const FAILING_SPANS = ['request span', 'send span', 'step span', 'transaction span'] as const;

const PARTS = brokenParts({
  'a propagator throws in fields': ['look for a propagator'],
  'a tracer provider throws': ['look for a tracer provider'],
  'a span processor throws at the end': ALL_SPANS.map((span) => `end the ${span}`),
  'a span throws in isRecording': ALL_SPANS.map((span) => `ask the ${span}`),
  'a span throws in spanContext': [
    'ask the create span',
    'ask the transaction span',
    'start a span', // By the SDK, which asks a parent.
    'trace a message of a batch',
  ],
  'a span throws in setAttribute': FAILING_SPANS.map((span) => `set the status of the ${span}`),
  'a span throws in setStatus': FAILING_SPANS.map((span) => `set the status of the ${span}`),
  'a span throws in end': ALL_SPANS.map((span) => `end the ${span}`),
  'a context manager throws in with, before it calls': ['look for a context manager'],
  'a context manager throws in with, after it called': ['look for a context manager'],
  'a context manager throws in active': ['look for a context manager'],
  'a meter provider throws': ['look for a meter provider'],
});

const ATTRIBUTES: readonly (readonly [how: string, attributes: Attributes, reports: readonly string[]])[] = [
  ['throw', BROKEN_FUNCTIONS.throws, ['get the attributes of @TracedEvent']],
  ['reject', BROKEN_FUNCTIONS.rejects, ['get the attributes of @TracedEvent']],
  ['are nonsense', BROKEN_FUNCTIONS.returnsNonsense, []],
];

describe('messages are delivered and handled exactly as without the module', () => {
  useTracing();
  useCoordinators();
  const freshTopics = useMessagingTopics(PARTS.length + ATTRIBUTES.length + 1);
  let library: Library;
  let without: MessagingOutcome;

  beforeAll(async () => {
    without = await messagingOutcome(freshTopics());
  });
  beforeEach(async () => {
    library = await freshLibrary();
  });

  it('which is: all that was sent, and again what failed', () => {
    const parsed = { partition: 0, key: 'k', headers: { text: 'a', bytes: '\ufffd\0', list: 'a,b' } };
    expect(without).toMatchObject({
      orders: {
        orders: [
          ...['1', '1', '2', '3', 'wide', 'dead'].map((value) => ({ ...parsed, value })),
          { key: null, value: 'preset' },
        ],
        deadLetters: ['wide', 'dead'].map((value) => ({ ...parsed, value })),
        answered: ['good', 'streamed', 'bad'],
        reply: 'good is answered',
        streamed: 'streamed is answered',
        byHand: ['run'],
        unsent: { name: 'TypeError' },
        refusal: { status: 'error', message: 'refused' },
      },
      stock: {
        handled: receivedOf('1', '2', '2', '3'),
        sent: [
          [0, 0],
          [2, 0], // After the message that was aborted, and the mark that says so.
          [3, 0],
        ],
        committed: ['7'],
        another: { name: 'KafkaJSNonRetriableError' },
      },
      committed: { orders: ['6'], deadLetters: ['2'], requests: ['3'] },
    });
  });

  it.each(PARTS)('when %s', async (_name, part, reports) => {
    const expectReports = breakPart(part);
    const options = { correlationId: CORRELATION_ID, ...part.options };
    expect(await messagingOutcome(freshTopics(), { library, options })).toEqual(without);
    await expectReports(reports);
  });

  it.each(ATTRIBUTES)('when the attributes of a step %s', async (_how, attributes, reports) => {
    const expectReports = breakPart({});
    expect(await messagingOutcome(freshTopics(), { library, attributes })).toEqual(without);
    await expectReports(reports);
  });
});

describe('KafkaTracing works as without an SDK', () => {
  useTracing();

  it.each([true, false])('when a propagator throws in extract, enabled: %s', async (enabled) => {
    const tracing = await tracingOf({ enabled });
    const handle = vi.fn(() => 'handled');
    usePropagator({ extract: BROKEN_FUNCTIONS.throws });
    const message = { value: null, offset: '0', headers: { traceparent: traceparent(1) } };
    expect(trace.getSpanContext(tracing.extract(message.headers))).toBeUndefined();
    expect(tracing.runInContextOf(message, handle)).toBe('handled');
    expect(handle).toHaveBeenCalledTimes(1);
    expect(tracing.deadLetter({ topic: 'orders', partition: 0, message }, 'no')).toMatchObject({
      topic: 'orders.dlt',
      messages: [{ headers: message.headers }],
    });
  });

  it.each(['inject', 'fields'] as const)('when a propagator throws in %s', async (method) => {
    const tracing = await tracingOf({});
    usePropagator({ [method]: BROKEN_FUNCTIONS.throws });
    const headers = { a: 'b', traceparent: traceparent(1) };
    expect(context.with(contextOf(2), () => tracing.inject(headers))).toEqual(headers);
  });

  it('when a context manager throws', async () => {
    const tracing = await tracingOf({});
    useContextManager({ active: BROKEN_FUNCTIONS.throws, with: BROKEN_FUNCTIONS.throws });
    expect(tracing.inject({ a: 'b' })).toEqual({ a: 'b' });
    expect(tracing.runInContextOf({ headers: { traceparent: traceparent(1) } }, () => 'handled')).toBe(
      'handled',
    );
  });
});

async function tracingOf(options: KafkaTracingModuleOptions): Promise<KafkaTracing> {
  return (await startContext({ imports: [KafkaTracingModule.forRoot(options)] })).get(KafkaTracing);
}
