import { ROOT_CONTEXT, propagation } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import {
  NO_CREATION_CONTEXT,
  extractCreationContext,
  isEcho,
  withReceived,
} from '../../lib/propagation/creation-context.js';
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

describe('an echo', () => {
  it('is the very span that the context received', () => {
    const handling = withReceived(ROOT_CONTEXT, remoteSpan(1));
    expect(isEcho(handling, { ...remoteSpan(1), traceFlags: 0 })).toBe(true);
    expect(isEcho(handling, remoteSpan(2))).toBe(false);
    expect(isEcho(handling, { ...remoteSpan(1), spanId: remoteSpan(2).spanId })).toBe(false);
    expect(isEcho(handling, { ...remoteSpan(1), traceId: remoteSpan(2).traceId })).toBe(false);
  });

  it('is nothing where none was received', () => {
    expect(withReceived(ROOT_CONTEXT, undefined)).toBe(ROOT_CONTEXT);
    expect(isEcho(ROOT_CONTEXT, remoteSpan(1))).toBe(false);
  });
});
