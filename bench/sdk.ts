import { type TracerProvider, context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  type ReadableSpan,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** What an application has registered. */
export type Sdk = 'sampled' | 'unsampled' | 'none' | 'metrics';

/** Is told of spans, and does nothing else: exporting costs all sides the same. */
export class Seen implements SpanProcessor {
  readonly ended: ReadableSpan[] = [];
  isKeeping = false;

  onStart(_span: Span): void {}

  onEnd(span: ReadableSpan): void {
    if (this.isKeeping) {
      this.ended.push(span);
    }
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Registers it in the place of what was there. */
export function register(sdk: Sdk): { readonly seen: Seen; readonly tracerProvider: TracerProvider } {
  [trace, context, propagation, metrics].forEach((api) => api.disable());
  const seen = new Seen();
  if (sdk === 'none') {
    return { seen, tracerProvider: trace.getTracerProvider() };
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
  return { seen, tracerProvider };
}
