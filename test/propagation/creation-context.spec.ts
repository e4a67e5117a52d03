import { ROOT_CONTEXT, propagation } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { NO_CREATION_CONTEXT, extractCreationContext } from '../../lib/propagation/creation-context.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { inSpan, useTracing } from '../support/tracing.js';

describe('extractCreationContext', () => {
  useTracing();

  it('finds the remote span and its baggage', () => {
    const creation = extractCreationContext({
      traceparent: Buffer.from(traceparent(1)),
      baggage: 'tenant=blue',
    });
    expect(creation.spanContext).toEqual(remoteSpan(1));
    expect(propagation.getBaggage(creation.context)?.getEntry('tenant')).toEqual({ value: 'blue' });
  });

  it.each([null, undefined])('finds nothing in %s', (headers) => {
    expect(extractCreationContext(headers)).toBe(NO_CREATION_CONTEXT);
  });

  it.each(['garbage', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`])('takes %s for no span', (invalid) => {
    expect(extractCreationContext({ traceparent: invalid }).spanContext).toBeUndefined();
  });

  it('is built on the root context, whatever is active', async () => {
    await inSpan('caller', async () => {
      expect(extractCreationContext({ other: 'x' }).context).toBe(ROOT_CONTEXT);
    });
  });
});
