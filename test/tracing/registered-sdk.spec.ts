import {
  ProxyTracerProvider,
  type TracerProvider,
  context,
  createNoopMeter,
  metrics,
  propagation,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { flushers, isAnythingRegistered, registeredSdk } from '../../lib/tracing/registered-sdk.js';
import { recordReports } from '../support/diag-reports.js';
import { afterTest, useTracing } from '../support/tracing.js';

const NOTHING = {
  tracerProvider: false,
  propagator: false,
  contextManager: false,
  meterProvider: false,
  propagationFields: [],
  incompatibleApi: undefined,
};

const API = Symbol.for('opentelemetry.js.api.1');
const holder = globalThis as { [API]?: object };

function fail(): never {
  throw new Error('do not look at me');
}

describe('isAnythingRegistered', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });
  afterEach(() => metrics.disable());

  it('is no in a process in which nothing ever was', () => {
    const before = holder[API];
    delete holder[API];
    afterTest(() => Object.assign(holder, { [API]: before }));
    expect(isAnythingRegistered()).toBe(false);
  });

  it.each<[what: string, register: () => void, is: boolean]>([
    ['is no where there is nothing', () => undefined, false],
    [
      'is no where there is a context manager alone',
      () => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()),
      false,
    ],
    ['is yes with a tracer provider', () => trace.setGlobalTracerProvider(new BasicTracerProvider()), true],
    [
      'is yes with a propagator',
      () => propagation.setGlobalPropagator(new W3CTraceContextPropagator()),
      true,
    ],
    ['is yes with a meter provider', () => metrics.setGlobalMeterProvider(new MeterProvider()), true],
  ])('%s', (_what, register, is) => {
    register();
    expect(isAnythingRegistered()).toBe(is);
  });
});

describe('registeredSdk', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });
  afterEach(() => metrics.disable());

  it('finds nothing where nothing is registered', () => {
    expect(registeredSdk()).toEqual(NOTHING);
  });

  it('finds nothing where a provider was registered and taken away', () => {
    trace.setGlobalTracerProvider(new BasicTracerProvider());
    trace.disable();
    expect(registeredSdk()).toEqual(NOTHING);
  });

  it.each([
    ['a tracer provider', () => trace.setGlobalTracerProvider(new BasicTracerProvider()), 'tracerProvider'],
    [
      'a context manager',
      () => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()),
      'contextManager',
    ],
    ['a meter provider', () => metrics.setGlobalMeterProvider(new MeterProvider()), 'meterProvider'],
  ])('finds %s, and starts no span to see it', (_what, register, found) => {
    register();
    expect(registeredSdk()).toEqual({ ...NOTHING, [found]: true });
  });

  it('finds a propagator, and what it writes', () => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const propagationFields = ['traceparent', 'tracestate'];
    expect(registeredSdk()).toEqual({ ...NOTHING, propagator: true, propagationFields });
  });

  it('takes a propagator that writes nothing, and a meter that records nothing, for none', () => {
    propagation.setGlobalPropagator({ inject() {}, extract: (extracted) => extracted, fields: () => [] });
    metrics.setGlobalMeterProvider({ getMeter: createNoopMeter });
    expect(registeredSdk()).toEqual(NOTHING);
  });

  it('finds a tracer provider that another copy of the API registered, with or without a proxy', () => {
    const real = new BasicTracerProvider();
    const proxy = {
      getTracer: real.getTracer.bind(real),
      getDelegate: () => real,
      getDelegateTracer: real.getTracer.bind(real),
    };
    for (const registered of [proxy, real]) {
      registerByHand(registered, '1.9.99');
      expect(registeredSdk()).toEqual({ ...NOTHING, tracerProvider: true });
    }
  });

  it('tells that an SDK is registered where our API does not see it, since it is newer', () => {
    registerByHand(new ProxyTracerProvider(), '1.0.0');
    expect(registeredSdk()).toEqual({ ...NOTHING, incompatibleApi: '1.0.0' });
  });

  it('takes what throws at every look for missing, and reports it', () => {
    const reports = recordReports();
    trace.setGlobalTracerProvider({ getTracer: fail });
    propagation.setGlobalPropagator({ inject: fail, extract: fail, fields: fail });
    context.setGlobalContextManager({
      active: fail,
      with: fail,
      bind: fail,
      enable: fail,
      disable: () => fail as never,
    });
    metrics.setGlobalMeterProvider({ getMeter: fail });
    expect(registeredSdk()).toEqual(NOTHING);
    expect(reports).toHaveLength(4);
    // The leak check asks what is active.
    context.disable();
  });
});

describe('flushers', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });
  afterEach(() => metrics.disable());

  it('are none where nothing is registered, or nothing that can be flushed', () => {
    expect(flushers()).toEqual([]);
    trace.setGlobalTracerProvider({ getTracer: trace.getTracer.bind(trace) });
    metrics.setGlobalMeterProvider({ getMeter: createNoopMeter });
    expect(flushers()).toEqual([]);
  });

  it('flush the tracer provider behind the proxy and the meter provider, and tell them when to give up', async () => {
    const [tracerProvider, meterProvider] = [new BasicTracerProvider(), new MeterProvider()];
    const spans = vi.spyOn(tracerProvider, 'forceFlush');
    const meters = vi.spyOn(meterProvider, 'forceFlush');
    trace.setGlobalTracerProvider(tracerProvider);
    metrics.setGlobalMeterProvider(meterProvider);

    await Promise.all(flushers().map((flush) => flush(123)));

    expect(spans).toHaveBeenCalledExactlyOnceWith({ timeoutMillis: 123 });
    expect(meters).toHaveBeenCalledExactlyOnceWith({ timeoutMillis: 123 });
    expect(spans.mock.contexts).toEqual([tracerProvider]);
  });

  it('flush a provider that stands in the registry without a proxy', async () => {
    const provider = new BasicTracerProvider();
    const forceFlush = vi.spyOn(provider, 'forceFlush');
    registerByHand(provider, '1.9.99');
    await Promise.all(flushers().map((flush) => flush(1_000)));
    expect(forceFlush).toHaveBeenCalledOnce();
  });

  it('reject, and do not throw, where a provider throws', async () => {
    const failure = new Error('at once');
    const provider = {
      getTracer: fail,
      forceFlush() {
        throw failure;
      },
    };
    trace.setGlobalTracerProvider(provider);
    const [flush] = flushers();
    await expect(flush?.(1_000)).rejects.toBe(failure);
  });

  it('leave out a provider that throws when it is looked at', () => {
    const reports = recordReports();
    const provider = {
      getTracer: fail,
      get forceFlush() {
        return fail();
      },
    } as TracerProvider;
    trace.setGlobalTracerProvider(provider);
    expect(flushers()).toEqual([]);
    expect(reports).toHaveLength(1);
  });
});

/** As a copy of the API of that version does it; taken away after the test. */
function registerByHand(provider: object, version: string): void {
  holder[API] = { version, trace: provider };
  afterTest(() => delete holder[API]);
}
