import { ROOT_CONTEXT, type Tracer, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, type Sampler } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect } from 'vitest';
import { SpanRecorder } from '../../lib/testing/span-recorder.js';
import { until } from './until.js';

/** What a test may have otherwise than an application with an SDK has it. */
export interface TracingSetup {
  /** @default true */
  readonly tracerProvider?: boolean;
  /** @default true */
  readonly contextManager?: boolean;
  /** @default true */
  readonly propagator?: boolean;
  readonly sampler?: Sampler;
}

const cleanups: (() => unknown)[] = [];

/** Runs after the test and before the leak check, the last one first. */
export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/**
 * Registers an OpenTelemetry SDK that keeps its spans in memory, anew for each test of the file. After each test everything
 * is stopped, and it fails if something leaked: an open span, an active context, a live application, a listener.
 */
export function useTracing(setup: TracingSetup = {}): SpanRecorder {
  const recorder = new SpanRecorder({ deadlineMs: 15_000 });
  let listeners: Record<string, number>;

  beforeEach(() => {
    listeners = processListeners();
    recorder.reset();
    register(setup, recorder);
  });

  afterEach(async () => {
    try {
      for (const cleanup of cleanups.splice(0).toReversed()) {
        await cleanup();
      }
      await until('no span is open', () => recorder.open.length === 0, 2_000).catch(() => undefined);
      expect(
        recorder.open.map((span) => span.name),
        'spans left open',
      ).toEqual([]);
      expect(context.active() === ROOT_CONTEXT, 'no context is left active').toBe(true);
      expect(liveApplications(), 'applications left live').toHaveLength(0);
      expect(processListeners(), 'listeners left on the process').toEqual(listeners);
    } finally {
      unregister();
    }
  });
  return recorder;
}

/** The application's own tracer, for spans that a test is the caller of. */
export function tracer(): Tracer {
  return trace.getTracer('test');
}

/** Runs something inside a span of the caller, and ends that. */
export function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  return tracer().startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

function register(setup: TracingSetup, recorder: SpanRecorder): void {
  if (setup.tracerProvider !== false) {
    const sampler = setup.sampler === undefined ? {} : { sampler: setup.sampler };
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [recorder], ...sampler }));
  }
  if (setup.contextManager !== false) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }
  if (setup.propagator !== false) {
    const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
    propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  }
}

function unregister(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}

function processListeners(): Record<string, number> {
  return Object.fromEntries(
    process.eventNames().map((event) => [String(event), process.listenerCount(event)]),
  );
}

function liveApplications(): readonly unknown[] {
  const holder = globalThis as { [key: symbol]: { readonly live: readonly unknown[] } | undefined };
  return holder[Symbol.for('nestjs-kafka-tracing.applications')]?.live ?? [];
}
