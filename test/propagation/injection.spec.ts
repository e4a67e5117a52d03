import { type TextMapSetter, propagation } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { headersWithContext } from '../../lib/propagation/header-policy.js';
import { type Inject, inject, injectOnce } from '../../lib/propagation/injection.js';
import { contextOf, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const setter: TextMapSetter<Record<string, string>> = {
  set: (headers, name, value) => void (headers[name] = value),
};

function injected(by: Inject, number: number): Readonly<Record<string, string>> {
  const headers = {};
  by(contextOf(number, { tenant: 'blue' }), headers, setter);
  return headers;
}

describe('what is written for a context', () => {
  useTracing();
  afterEach(() => vi.restoreAllMocks());

  it('is the same for each message, also where it is asked for once', () => {
    const once = injectOnce();
    for (const number of [1, 1, 2, 1]) {
      expect(injected(once, number)).toEqual(injected(inject, number));
    }
    expect(injected(once, 1)).toEqual({ traceparent: traceparent(1), baggage: 'tenant=blue' });
  });

  it('is asked for once for messages that carry the same context', () => {
    const asked = vi.spyOn(propagation, 'inject');
    const once = injectOnce();
    const [one, other] = [contextOf(1), contextOf(2)];
    const stale = { TraceParent: traceparent(9), tenant: 'blue' };
    const written = [{}, undefined, stale, { tenant: 'blue' }].map((headers) =>
      headersWithContext(headers, one, undefined, once),
    );
    expect(asked).toHaveBeenCalledTimes(1);
    expect(headersWithContext({}, other, undefined, once)).toEqual({ traceparent: traceparent(2) });
    expect(asked).toHaveBeenCalledTimes(2);
    expect(written).toEqual([
      { traceparent: traceparent(1) },
      { traceparent: traceparent(1) },
      { traceparent: traceparent(1), tenant: 'blue' },
      { traceparent: traceparent(1), tenant: 'blue' },
    ]);
    expect(new Set(written).size).toBe(written.length);
  });

  it('is asked for again where that failed', () => {
    vi.spyOn(propagation, 'inject').mockImplementationOnce(() => {
      throw new Error('boom');
    });
    const once = injectOnce();
    const context = contextOf(1);
    expect(() => headersWithContext({}, context, undefined, once)).toThrow('boom');
    expect(headersWithContext({}, context, undefined, once)).toEqual({ traceparent: traceparent(1) });
  });
});
