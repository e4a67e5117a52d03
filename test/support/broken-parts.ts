import { INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../lib/kafka-tracing.options.js';
import {
  useContextManager,
  useExporter,
  useGauge,
  useMeter,
  useMeterProvider,
  usePropagator,
  useSpanProcessor,
  useSpans,
  useTracer,
  useTracerProvider,
} from './broken-sdk.js';
import { recordReports } from './diag-reports.js';
import { recordRejections } from './rejections.js';
import { until } from './until.js';

/** Something that tracing uses and that does not work. */
export interface BrokenPart {
  /** Puts a part of the SDK in the place of the one that works, until the test is over. */
  readonly register?: () => void;
  /** Has a function of the user's. */
  readonly options?: KafkaTracingModuleOptions;
  /** For which purposes that is reported, whatever is sent and handled. */
  readonly reports?: readonly string[];
}

let calls = 0;

const boom = (): never => {
  calls += 1;
  throw new Error('boom');
};

// Of the type of what never returns, so that they fit where their answers do not.
const reject = (async () => boom()) as () => never;
const nonsense = (() => {
  calls += 1;
  return Symbol('nonsense');
}) as () => never;

/** For parts that are not in the table. */
export const BROKEN_FUNCTIONS = { throws: boom, rejects: reject, returnsNonsense: nonsense };

const BROKEN_SPAN: Span = Object.assign(trace.wrapSpanContext(INVALID_SPAN_CONTEXT), { spanContext: boom });

const PROPAGATOR = {
  'a propagator throws in inject': {
    register: () => usePropagator({ inject: boom }),
    reports: ['write the headers'],
  },
  'a propagator throws in extract': {
    register: () => usePropagator({ extract: boom }),
    reports: ['read the headers'],
  },
  'a propagator finds a span that throws': {
    register: () => usePropagator({ extract: (context) => trace.setSpan(context, BROKEN_SPAN) }),
    reports: ['read the headers'],
  },
  'a propagator throws in fields': {
    register: () => usePropagator({ fields: boom }),
    reports: ['read the headers', 'write the headers'],
  },
} as const satisfies BrokenParts;

const TRACER = {
  'a tracer provider throws': {
    register: () => useTracerProvider({ getTracer: boom }),
    reports: ['start a span'],
  },
  'a tracer throws': {
    register: () => useTracer({ startSpan: boom, startActiveSpan: boom }),
    reports: ['start a span'],
  },
  'a sampler throws': {
    register: () => useTracerProvider(new BasicTracerProvider({ sampler: { shouldSample: boom } })),
    reports: ['start a span'],
  },
  'a span processor throws at the start': {
    register: () => useSpanProcessor({ onStart: boom }),
    reports: ['start a span'],
  },
  'a span processor throws at the end': {
    register: () => useSpanProcessor({ onEnd: boom }),
    reports: ['end the send span', 'end the process span'],
  },
  'an exporter throws': { register: () => useExporter({ export: boom }) }, // The SDK itself reports it.
} as const satisfies BrokenParts;

const SPAN = {
  'a span throws in isRecording': {
    register: () => useSpans({ isRecording: boom }),
    reports: ['ask the send span', 'ask the process span'],
  },
  'a span throws in spanContext': {
    register: () => useSpans({ spanContext: boom }),
    reports: ['limit what is propagated', 'write the headers'],
  },
  'a span throws in setAttribute': {
    register: () => useSpans({ setAttribute: boom }), // Its setAttributes calls it.
    reports: ['set attributes', 'set the status of the process span'],
  },
  'a span throws in setAttributes': {
    register: () => useSpans({ setAttributes: boom }),
    reports: ['set attributes'],
  },
  'a span throws in setStatus': {
    register: () => useSpans({ setStatus: boom }),
    reports: ['set the status of the process span'],
  },
  'a span throws in recordException': {
    register: () => useSpans({ recordException: boom }),
    reports: ['record an exception'],
  },
  'a span throws in addLink': {
    register: () => useSpans({ addLink: boom }),
    reports: ['add a link'],
  },
  'a span throws in end': {
    register: () => useSpans({ end: boom }),
    reports: ['end the send span', 'end the process span'],
  },
} as const satisfies BrokenParts;

const CONTEXT_MANAGER = {
  'a context manager throws in with, before it calls': {
    register: () => useContextManager({ with: boom }),
    reports: ['activate a context'],
  },
  'a context manager throws in with, after it called': {
    register: () =>
      useContextManager({
        with: (_context, work, self, ...args) => {
          work.apply(self as never, args);
          return boom();
        },
      }),
    reports: ['activate a context'],
  },
  'a context manager throws in active': {
    register: () => useContextManager({ active: boom }),
    reports: ['read the active context'],
  },
} as const satisfies BrokenParts;

const METER = {
  'a meter provider throws': {
    register: () => useMeterProvider(boom),
    reports: ['make the metric instruments'],
  },
  'a meter throws in createCounter': {
    register: () => useMeter({ createCounter: boom }),
    reports: ['make the metric instruments'],
  },
  'a meter throws in createHistogram': {
    register: () => useMeter({ createHistogram: boom }),
    reports: ['make the metric instruments'],
  },
  'a meter throws in createObservableGauge': {
    register: () => useMeter({ createObservableGauge: boom }),
    reports: ['make the metric instruments'],
  },
  'a counter throws': {
    register: () => useMeter({ createCounter: () => ({ add: boom }) }),
    reports: ['record a metric'],
  },
  'a histogram throws': {
    register: () => useMeter({ createHistogram: () => ({ record: boom }) }),
    reports: ['record a metric'],
  },
  'a gauge throws in addCallback': {
    register: () => useGauge({ addCallback: boom }),
    reports: ['keep the lag of a consumer'],
  },
  'a gauge throws in removeCallback': {
    register: () =>
      useGauge({
        addCallback: () => queueMicrotask(() => useMeter({})), // Another provider takes over.
        removeCallback: boom,
      }),
    reports: ['stop reporting the lag'],
  },
} as const satisfies BrokenParts;

const OPTIONS = {
  'the hook onSend throws': { options: { onSend: boom }, reports: ['call onSend'] },
  'the hook onSend rejects': { options: { onSend: reject }, reports: ['call onSend'] },
  'the hook onSend returns nonsense': { options: { onSend: nonsense } },
  'the hook onProcess throws': { options: { onProcess: boom }, reports: ['call onProcess'] },
  'the hook onProcess rejects': { options: { onProcess: reject }, reports: ['call onProcess'] },
  'the hook onProcess returns nonsense': { options: { onProcess: nonsense } },
  'the hook messageKey throws': { options: { messageKey: boom }, reports: ['write the key'] },
  'the hook messageKey rejects': { options: { messageKey: reject }, reports: ['write the key'] },
  'the hook messageKey returns nonsense': { options: { messageKey: nonsense } },
  'the hook classifyError throws': { options: { classifyError: boom }, reports: ['classify an error'] },
  'the hook classifyError rejects': { options: { classifyError: reject }, reports: ['classify an error'] },
  'the hook classifyError returns nonsense': { options: { classifyError: nonsense } },
  'the hook match of a rule throws': {
    options: { topics: [{ match: boom }] },
    reports: ['find the rule of a topic'],
  },
  'the hook match of a rule rejects': {
    options: { topics: [{ match: reject }] },
    reports: ['find the rule of a topic'],
  },
  'the hook match of a rule returns nonsense': { options: { topics: [{ match: nonsense }] } },
} as const satisfies BrokenParts;

/** Each is broken alone; the name completes "when …". */
const BROKEN_PARTS = { ...PROPAGATOR, ...TRACER, ...SPAN, ...CONTEXT_MANAGER, ...METER, ...OPTIONS };

type BrokenParts = Readonly<Record<string, BrokenPart>>;
type Name = keyof typeof BROKEN_PARTS;

/** A line of the table. */
export type Breakage = readonly [name: string, part: BrokenPart, reports: readonly string[]];

/**
 * The table of all broken parts.
 *
 * @param more what is reported besides, of what is sent and handled here
 */
export function brokenParts(more: Partial<Record<Name, readonly string[]>> = {}): readonly Breakage[] {
  return (Object.entries(BROKEN_PARTS) as [Name, BrokenPart][]).map(([name, part]) => [
    name,
    part,
    [...(part.reports ?? []), ...(more[name] ?? [])],
  ]);
}

/**
 * Breaks a part, until the test is over.
 *
 * @returns what waits until it was used, and expects that each purpose is reported once and no other one
 */
export function breakPart({ register }: BrokenPart): (purposes: readonly string[]) => Promise<void> {
  const reports = recordReports();
  const rejections = recordRejections();
  calls = 0;
  register?.();
  const ours = (): readonly string[] => reports.filter((report) => report.startsWith('nestjs-kafka-tracing'));
  return async function expectReports(purposes) {
    await until('the broken part was used', () => calls > 0);
    await until('everything is reported', () => ours().length >= purposes.length);
    expect([...ours()].sort()).toEqual(purposes.map(reportOf).sort());
    expect(rejections, 'rejections that nobody caught').toEqual([]);
  };
}

function reportOf(purpose: string): string {
  return `nestjs-kafka-tracing failed to ${purpose}; messages go their way without it.`;
}
