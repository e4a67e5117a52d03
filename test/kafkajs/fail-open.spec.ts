import {
  type ContextManager,
  type Span,
  type TextMapPropagator,
  type TracerProvider,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { KafkaMessage, RecordMetadata } from 'kafkajs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { recordReports } from '../support/diag-reports.js';
import { connected, freshTopic, plainKafka, readPlain } from '../support/kafka.js';
import { consume } from '../support/traced-kafka.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const boom = (): never => {
  throw new Error('boom');
};

const reportOf = (purpose: string): string =>
  `nestjs-kafka-tracing failed to ${purpose}; messages go their way without it.`;

/** What fails, how it is made to, and for which purposes that is reported. */
type Case = [what: string, breakIt: () => void, purposes: readonly string[]];

const PROPAGATOR: Case[] = [
  ['inject', () => usePropagator({ inject: boom }), ['write the headers']],
  ['extract', () => usePropagator({ extract: boom }), ['read the headers']],
  ['fields', () => usePropagator({ fields: boom }), ['read the headers', 'write the headers']],
];

const TRACER: Case[] = [
  ['getTracer', () => useProvider({ getTracer: boom }), ['start a span']],
  [
    'startSpan',
    () => useProvider({ getTracer: () => ({ startSpan: boom, startActiveSpan: boom }) }),
    ['start a span'],
  ],
];

const SPAN: Case[] = (
  [
    ['isRecording', ['ask the send span', 'ask the process span']],
    ['spanContext', ['ask a span', 'limit what is propagated', 'write the headers']],
    ['setAttribute', ['set attributes', 'set the status of the process span']],
    ['setAttributes', ['set attributes']],
    ['setStatus', ['set the status of the process span']],
    ['recordException', ['record an exception']],
    ['end', ['end the send span', 'end the process span']],
  ] as const
).map(([method, purposes]) => [method, () => useSpansWithout(method), purposes]);

const SDK: Case[] = [
  ['a span processor at the start', () => useProcessor({ onStart: boom }), ['start a span']],
  [
    'a span processor at the end',
    () => useProcessor({ onEnd: boom }),
    ['end the send span', 'end the process span'],
  ],
  [
    'a sampler',
    () => useProvider(new BasicTracerProvider({ sampler: { shouldSample: boom } })),
    ['start a span'],
  ],
];

const CONTEXT_MANAGER: Case[] = [
  ['with, before it calls', () => useManager({ with: boom }), ['activate a context']],
  [
    'with, after it called',
    () =>
      useManager({
        with: (_context, work, self, ...args) => {
          work.apply(self as never, args);
          return boom();
        },
      }),
    ['activate a context'],
  ],
  ['active', () => useManager({ active: boom }), ['read the active context']],
];

describe('every message is sent and handled exactly once, with the same result, when', () => {
  useTracing();
  let traceKafka: (typeof import('../../lib/kafkajs/trace-kafka.js'))['traceKafka'];

  beforeEach(async () => {
    vi.resetModules(); // What was reported is remembered for the life of the process.
    ({ traceKafka } = await import('../../lib/kafkajs/trace-kafka.js'));
  });

  it.each([
    ...named('a propagator fails in', PROPAGATOR),
    ...named('a tracer fails in', TRACER),
    ...named('a span fails in', SPAN),
    ...named('an SDK fails in', SDK),
    ...named('a context manager fails in', CONTEXT_MANAGER),
  ])('%s', async (_what, breakIt, purposes) => {
    const topic = await freshTopic();
    const reports = recordReports();
    breakIt();
    const kafka = traceKafka(plainKafka(), { correlationId: 'id' });
    const attempts: string[] = [];
    await consume(kafka, topic, async ({ message }) => {
      attempts.push(textOf(message));
      if (attempts.length === 1) {
        throw new Error('once');
      }
    });
    const producer = await connected(kafka.producer());
    const sent: RecordMetadata[] = [];
    for (const value of ['1', '2']) {
      sent.push(...(await producer.send({ topic, messages: [{ key: 'k', value, headers: { a: 'b' } }] })));
    }

    await until('both were handled', () => attempts.length >= 3);
    await until('everything was reported', () => reports.length >= purposes.length);
    expect(attempts).toEqual(['k=1', 'k=1', 'k=2']);
    expect(sent.map(({ baseOffset, errorCode }) => [baseOffset, errorCode])).toEqual([
      ['0', 0],
      ['1', 0],
    ]);
    const messages = await readPlain(topic, 2);
    expect(messages.map(textOf)).toEqual(['k=1', 'k=2']);
    expect(messages.map(({ headers }) => headers?.['a'])).toEqual([Buffer.from('b'), Buffer.from('b')]);
    expect([...reports].sort()).toEqual(purposes.map(reportOf).sort());
  });
});

function named(prefix: string, cases: readonly Case[]): Case[] {
  return cases.map(([what, breakIt, purposes]) => [`${prefix} ${what}`, breakIt, purposes]);
}

function textOf({ key, value }: KafkaMessage): string {
  return `${String(key)}=${String(value)}`;
}

function usePropagator(broken: Partial<TextMapPropagator>): void {
  const sound = new W3CTraceContextPropagator();
  propagation.disable();
  propagation.setGlobalPropagator({
    inject: (...args) => sound.inject(...args),
    extract: (...args) => sound.extract(...args),
    fields: () => sound.fields(),
    ...broken,
  });
}

function useProvider(provider: TracerProvider): void {
  trace.disable();
  trace.setGlobalTracerProvider(provider);
}

function useProcessor(broken: Partial<SpanProcessor>): void {
  const sound = { onStart: () => {}, onEnd: () => {}, forceFlush: async () => {}, shutdown: async () => {} };
  useProvider(new BasicTracerProvider({ spanProcessors: [{ ...sound, ...broken }] }));
}

function useSpansWithout(method: keyof Span): void {
  const sound = new BasicTracerProvider().getTracer('sound');
  const startSpan = (...args: Parameters<typeof sound.startSpan>): Span =>
    Object.assign(sound.startSpan(...args), { [method]: boom });
  useProvider({ getTracer: () => ({ startSpan, startActiveSpan: boom }) });
}

function useManager(broken: Partial<ContextManager>): void {
  context.disable();
  afterTest(() => context.disable()); // The leak check asks it.
  context.setGlobalContextManager(Object.assign(new AsyncLocalStorageContextManager().enable(), broken));
}
