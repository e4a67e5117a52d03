import {
  type ContextManager,
  type ProxyTracerProvider,
  ROOT_CONTEXT,
  type TextMapPropagator,
  type TracerProvider,
  context,
  createContextKey,
  propagation,
  trace,
} from '@opentelemetry/api';
import { type SamplerOfSdk, type RecordingProcessor, loadApplicationSdk } from './application-sdk.js';
import { SpanRecorderError } from './span-recorder.error.js';

/**
 * Registers a tracer provider that tells the processor of every span, and a context manager and a propagator where the
 * process has none. Returns what takes away again those of them that are still the registered ones.
 *
 * @internal
 */
export async function registerTelemetry(
  processor: RecordingProcessor,
  sampler?: SamplerOfSdk,
): Promise<() => void> {
  const sdk = await loadApplicationSdk();
  const takeAway = [
    registerTracerProvider(sdk.tracerProvider(processor, sampler)),
    registerContextManager(sdk.contextManager()),
    registerPropagator(sdk.propagator()),
  ];
  return () => takeAway.forEach((one) => one());
}

function registerTracerProvider(provider: TracerProvider): () => void {
  if (!trace.setGlobalTracerProvider(provider)) {
    throw new SpanRecorderError(
      'SPAN_RECORDER_PROVIDER_REGISTERED',
      '`SpanRecorder.start()` brings a tracer provider, and this process has one already.',
      'Give a recorder to that one (`new NodeSDK({ spanProcessors: [new SpanRecorder()] })`), or `stop()` the recorder that was started before.',
    );
  }
  const isOurs = (): boolean =>
    (trace.getTracerProvider() as Partial<ProxyTracerProvider>).getDelegate?.() === provider;
  return () => isOurs() && trace.disable();
}

function registerContextManager(manager: ContextManager): () => void {
  manager.enable();
  if (!context.setGlobalContextManager(manager)) return nothing;
  const probe = ROOT_CONTEXT.setValue(createContextKey('nestjs-kafka-tracing.testing'), true);
  const isOurs = (): boolean => manager.with(probe, () => context.active()) === probe;
  return () => isOurs() && context.disable();
}

function registerPropagator(propagator: TextMapPropagator): () => void {
  // The API does not tell which propagator is registered, only its fields: by this very array ours is known again.
  const fields = propagator.fields();
  if (!propagation.setGlobalPropagator(Object.assign(propagator, { fields: () => fields }))) return nothing;
  return () => propagation.fields() === fields && propagation.disable();
}

function nothing(): void {}
