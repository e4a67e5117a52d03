import {
  ProxyTracerProvider,
  ROOT_CONTEXT,
  context,
  createContextKey,
  createNoopMeter,
  metrics,
  propagation,
  trace,
} from '@opentelemetry/api';
import { attempt } from './fail-open.js';
import { kafkaMetrics } from './kafka-metrics.js';
import { SCOPE_NAME, SCOPE_VERSION } from './instrumentation-scope.js';

/**
 * Which parts of an OpenTelemetry SDK are registered globally. Each is silent when it is missing.
 *
 * @internal
 */
export interface RegisteredSdk {
  readonly tracerProvider: boolean;
  readonly propagator: boolean;
  readonly contextManager: boolean;
  readonly meterProvider: boolean;
  /** The headers that the propagator writes. */
  readonly propagationFields: readonly string[];
  /** The version of the API that an SDK is registered with, where that is too old for ours, which then sees none of it. */
  readonly incompatibleApi: string | undefined;
}

/** @internal */
export function registeredSdk(): RegisteredSdk {
  const fields = attempt('look for a propagator', () => propagation.fields().map(String)) ?? [];
  return {
    tracerProvider: attempt('look for a tracer provider', hasTracerProvider) ?? false,
    propagator: fields.length > 0,
    contextManager: attempt('look for a context manager', hasContextManager) ?? false,
    meterProvider: attempt('look for a meter provider', hasMeterProvider) ?? false,
    propagationFields: fields,
    incompatibleApi: attempt('look for another API', incompatibleApi),
  };
}

/**
 * Exports what a provider holds back.
 *
 * @param timeoutMillis when the provider may give up; without it some keep a timer, and so the process, for half a minute
 * @internal
 */
export type Flush = (timeoutMillis: number) => Promise<void>;

/**
 * The `forceFlush` of the tracer provider and of the meter provider, of those that have one: the API has none.
 *
 * @internal
 */
export function flushers(): readonly Flush[] {
  const providers = [
    attempt('find out how to flush spans', () => flushable(trace.getTracerProvider())),
    attempt('find out how to flush metrics', () => flushable(metrics.getMeterProvider())),
  ];
  return providers
    .filter((provider) => provider !== undefined)
    .map((provider) => async (timeoutMillis) => {
      await provider.forceFlush({ timeoutMillis });
    });
}

/**
 * Whether a tracer provider, a propagator or a meter provider is registered: without all of them there is nothing to trace a
 * message with. It is asked for each message, and compares identities; of a part that throws it is not known that it is
 * missing.
 *
 * @internal
 */
export function isAnythingRegistered(): boolean {
  try {
    if (registry() === undefined) {
      return false; // Not even a context manager, as in an application without an SDK.
    }
    const provider = trace.getTracerProvider() as Proxy;
    return (
      typeof provider.getDelegate !== 'function' ||
      provider.getDelegate() !== NO_TRACER_PROVIDER ||
      kafkaMetrics.isOn() ||
      propagation.fields().length > 0
    );
  } catch {
    return true;
  }
}

// What the API's own stand-in for a provider stands before as long as there is none.
const NO_TRACER_PROVIDER: object = new ProxyTracerProvider().getDelegate();

/** What stands for a provider in the API before there is one; of any copy of the API, and so told by what it can do. */
interface Proxy {
  getDelegate?(): object;
  getDelegateTracer?(name: string, version: string): object | undefined;
}

interface Flushable {
  forceFlush(options: { readonly timeoutMillis: number }): unknown;
}

function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider() as Proxy;
  return (
    typeof provider.getDelegateTracer !== 'function' ||
    provider.getDelegateTracer(SCOPE_NAME, SCOPE_VERSION) !== undefined
  );
}

const PROBE = createContextKey('nestjs-kafka-tracing probe');

function hasContextManager(): boolean {
  return context.with(ROOT_CONTEXT.setValue(PROBE, true), () => context.active().getValue(PROBE) === true);
}

function hasMeterProvider(): boolean {
  return metrics.getMeterProvider().getMeter(SCOPE_NAME, SCOPE_VERSION) !== createNoopMeter();
}

/** The provider itself, or the one behind it. */
function flushable(provider: object): Flushable | undefined {
  const { getDelegate } = provider as Proxy;
  const behind = typeof getDelegate === 'function' ? getDelegate.call(provider) : undefined;
  return [provider, behind].find(isFlushable);
}

function isFlushable(provider: object | undefined): provider is Flushable {
  return provider !== undefined && 'forceFlush' in provider && typeof provider.forceFlush === 'function';
}

// Where all copies of the API of one major version keep what is registered, and the version that registered it.
const API = Symbol.for('opentelemetry.js.api.1');

interface Registry {
  readonly version: string;
  readonly trace?: object;
}

function registry(): Registry | undefined {
  return (globalThis as { readonly [API]?: Registry })[API];
}

function incompatibleApi(): string | undefined {
  const registered = registry();
  const isSeen = registered?.trace === undefined || registered.trace === trace.getTracerProvider();
  return isSeen ? undefined : registered.version;
}
