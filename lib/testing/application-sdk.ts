import type { ContextManager, TextMapPropagator, TracerProvider } from '@opentelemetry/api';
import type { RecordedSpan } from './recorded-span.js';
import { SpanRecorderError } from './span-recorder.error.js';

/**
 * What a span processor of the SDK does, as far as a recorder needs it.
 *
 * @internal
 */
export interface RecordingProcessor {
  onStart(span: RecordedSpan): void;
  onEnd(span: RecordedSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Whatever the SDK in use takes as its sampler.
 *
 * @experimental
 * @publicApi
 */
export interface SamplerOfSdk {
  readonly shouldSample: (...args: never[]) => unknown;
}

/** @internal */
export interface ApplicationSdk {
  tracerProvider(processor: RecordingProcessor, sampler?: SamplerOfSdk): TracerProvider;
  contextManager(): ContextManager;
  /** W3C trace context and baggage. */
  propagator(): TextMapPropagator;
}

type ProviderClass = new (config: object) => TracerProvider;

/**
 * Loads the OpenTelemetry SDK that the application has. Here and nowhere else in the library, and only when it is called:
 * the SDK is the application's choice, and who records with a provider of their own need not have all of it.
 *
 * @internal
 */
export async function loadApplicationSdk(): Promise<ApplicationSdk> {
  const Provider = await loadProvider();
  const { AsyncLocalStorageContextManager } = await load(
    '@opentelemetry/context-async-hooks',
    () => import('@opentelemetry/context-async-hooks'),
  );
  const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } = await load(
    '@opentelemetry/core',
    () => import('@opentelemetry/core'),
  );
  return {
    tracerProvider: (processor, sampler) =>
      new Provider({ spanProcessors: [processor], ...(sampler && { sampler }) }),
    contextManager: () => new AsyncLocalStorageContextManager(),
    propagator: () =>
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  };
}

/**
 * SDK 3.x has it in `sdk-trace`, 2.x before 2.9 in `sdk-trace-base` only, and between them both: there the first, which reads
 * no environment variables, so that what is sampled is not up to where the tests run.
 */
async function loadProvider(): Promise<ProviderClass> {
  try {
    return (await import('@opentelemetry/sdk-trace')).TracerProvider;
  } catch {
    const { BasicTracerProvider } = await load(
      '@opentelemetry/sdk-trace',
      () => import('@opentelemetry/sdk-trace-base'),
      ' (or `@opentelemetry/sdk-trace-base`, for an SDK before 2.9)',
    );
    if ('addSpanProcessor' in BasicTracerProvider.prototype) throw tooOld();
    return BasicTracerProvider;
  }
}

/** Its spans tell their parent in another way: every child would look like a root. */
function tooOld(): SpanRecorderError {
  return new SpanRecorderError(
    'SPAN_RECORDER_SDK_TOO_OLD',
    "`SpanRecorder` reads spans of the OpenTelemetry SDK from 2.0 on, and the application's is older.",
    'Install a newer one with `npm install --save-dev @opentelemetry/sdk-trace-base@2 @opentelemetry/core@2 @opentelemetry/context-async-hooks@2`.',
  );
}

async function load<T>(name: string, importIt: () => Promise<T>, alternative = ''): Promise<T> {
  try {
    return await importIt();
  } catch (cause) {
    throw new SpanRecorderError(
      'SPAN_RECORDER_SDK_MISSING',
      `\`SpanRecorder.start()\` brings a tracer provider made of the application's OpenTelemetry SDK, and \`${name}\` does not load.`,
      `Install it with \`npm install --save-dev ${name}\`${alternative}, or give the recorder to a provider of your own: \`spanProcessors: [new SpanRecorder()]\`.`,
      { cause },
    );
  }
}
