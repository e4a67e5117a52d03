import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

/** Registers every part of an SDK, for longer than one test. It records spans and metrics, and exports nothing. */
export function registerWholeSdk(): void {
  unregisterWholeSdk();
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  metrics.setGlobalMeterProvider(new MeterProvider());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
}

export function unregisterWholeSdk(): void {
  trace.disable();
  metrics.disable();
  context.disable();
  propagation.disable();
}
