import {
  type ContextManager,
  type Meter,
  type ObservableGauge,
  type Span,
  type TextMapPropagator,
  type Tracer,
  type TracerProvider,
  context,
  metrics,
  propagation,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterTest } from './tracing.js';

// Each registers a part of an SDK that works but for what is given, in the place of the one of `useTracing`, until the test
// is over.

export function usePropagator(broken: Partial<TextMapPropagator>): void {
  const sound = new W3CTraceContextPropagator();
  propagation.disable();
  propagation.setGlobalPropagator({
    inject: (...args) => sound.inject(...args),
    extract: (...args) => sound.extract(...args),
    fields: () => sound.fields(),
    ...broken,
  });
}

export function useTracerProvider(provider: TracerProvider): void {
  trace.disable();
  trace.setGlobalTracerProvider(provider);
}

export function useTracer(tracer: Tracer): void {
  useTracerProvider({ getTracer: () => tracer });
}

export function useSpanProcessor(broken: Partial<SpanProcessor>): void {
  const sound = { onStart: () => {}, onEnd: () => {}, forceFlush: async () => {}, shutdown: async () => {} };
  useTracerProvider(new BasicTracerProvider({ spanProcessors: [{ ...sound, ...broken }] }));
}

export function useExporter(exporter: Pick<SpanExporter, 'export'>): void {
  const processor = new SimpleSpanProcessor({ ...exporter, shutdown: async () => {} });
  useTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
}

export function useSpans(broken: Partial<Span>): void {
  const sound = new BasicTracerProvider().getTracer('sound');
  const startSpan = (...args: Parameters<typeof sound.startSpan>): Span =>
    Object.assign(sound.startSpan(...args), broken);
  useTracer({ startSpan, startActiveSpan: sound.startActiveSpan.bind(sound) });
}

export function useContextManager(broken: Partial<ContextManager>): void {
  context.disable();
  afterTest(() => context.disable()); // The leak check asks it.
  context.setGlobalContextManager(Object.assign(new AsyncLocalStorageContextManager().enable(), broken));
}

export function useMeterProvider(getMeter: () => Meter): void {
  metrics.disable();
  afterTest(() => metrics.disable());
  metrics.setGlobalMeterProvider({ getMeter });
}

export function useMeter(broken: Partial<Meter>): void {
  const meter = Object.assign(new MeterProvider().getMeter('sound'), broken);
  useMeterProvider(() => meter);
}

export function useGauge(broken: Partial<ObservableGauge>): void {
  const gauge = { addCallback: () => {}, removeCallback: () => {}, ...broken };
  useMeter({ createObservableGauge: () => gauge });
}
