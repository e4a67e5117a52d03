import { type Context, type TextMapSetter, propagation } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { headersWithContext } from '../../lib/propagation/header-policy.js';
import { type Inject, inject, injectOnce } from '../../lib/propagation/injection.js';
import { contextOf, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const setter: TextMapSetter<Record<string, string>> = {
  set: (headers, name, value) => void (headers[name] = value),
};

function injected(by: Inject, context: Context): Readonly<Record<string, string>> {
  const headers = {};
  by(context, headers, setter);
  return headers;
}

describe('what is written for a context', () => {
  useTracing();
  afterEach(() => vi.restoreAllMocks());

  it('is the same for each message, also where it is asked for once', () => {
    const once = injectOnce();
    const [one, other] = [contextOf(1, { tenant: 'blue' }), contextOf(2)];
    for (const context of [one, one, other, other, one]) {
      expect(injected(once, context)).toEqual(injected(inject, context));
    }
    expect(injected(once, one)).toEqual({ traceparent: traceparent(1), baggage: 'tenant=blue' });
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
