import { type TracerProvider, context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { setImmediate } from 'node:timers/promises';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  type ReadableSpan,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** What an application has registered. */
export const SDKS = ['sampled', 'unsampled', 'none', 'metrics'] as const;
export type Sdk = (typeof SDKS)[number];

/** Is told of spans, and does nothing else: exporting costs all sides the same. */
export class Seen implements SpanProcessor {
  #kept: ReadableSpan[] | undefined;

  /** The spans that end meanwhile. */
  async during(work: () => unknown): Promise<readonly ReadableSpan[]> {
    const kept: ReadableSpan[] = [];
    this.#kept = kept;
    await work();
    this.#kept = undefined;
    return kept;
  }

  /** How many spans end meanwhile, and, up to so many, in the second after it: a handler's ends when the driver goes on. */
  async count(work: () => unknown, expected: number): Promise<number> {
    const spans = await this.during(async () => {
      await work();
      const deadline = Date.now() + 1_000;
      while ((this.#kept?.length ?? 0) < expected && Date.now() < deadline) {
        await setImmediate();
      }
    });
    return spans.length;
  }

  onStart(_span: Span): void {}

  onEnd(span: ReadableSpan): void {
    this.#kept?.push(span);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

export interface Registered {
  readonly seen: Seen;
  readonly tracerProvider: TracerProvider;
  readonly hasMetrics: boolean;
}

/** Registers it in the place of what was there. */
export function register(sdk: Sdk): Registered {
  [trace, context, propagation, metrics].forEach((api) => api.disable());
  const seen = new Seen();
  if (sdk === 'none') {
    return { seen, tracerProvider: trace.getTracerProvider(), hasMetrics: false };
  }
  const sampler = sdk === 'unsampled' ? new AlwaysOffSampler() : new AlwaysOnSampler();
  const tracerProvider = new BasicTracerProvider({ sampler, spanProcessors: [seen] });
  trace.setGlobalTracerProvider(tracerProvider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  if (sdk === 'metrics') {
    metrics.setGlobalMeterProvider(new MeterProvider());
  }
  return { seen, tracerProvider, hasMetrics: sdk === 'metrics' };
}
