import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../lib/resolve-options.js';
import { SpanAttributes } from '../../../lib/tracing/attributes.js';
import { Sending } from '../../../lib/tracing/sending/sending.js';
import { NO_SPAN, TracedSpan } from '../../../lib/tracing/traced-span.js';
import { recordReports } from '../../support/diag-reports.js';
import { exceptionsOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { tracer, useTracing } from '../../support/tracing.js';

const ATTRIBUTES = new SpanAttributes(resolveOptions({ semconv: 'latest' }));

const start = (): Sending =>
  new Sending(new TracedSpan('send span', tracer().startSpan('send')), [[undefined]], ATTRIBUTES);

describe('a sending', () => {
  const spans = useTracing();

  it('ends with where the message is', async () => {
    const sending = start();
    expect(sending.isWatched).toBe(true);
    sending.succeeded([{ partition: 3, offset: '42' }]);
    expect(sending.isWatched).toBe(false);
    const span = await spans.one('send');
    expectUnset(span);
    expect(span.attributes).toEqual({ 'messaging.destination.partition.id': '3', 'kafka.offset': 42 });
  });

  it.each<[what: string, error: unknown, type: string, message: string]>([
    ['an error', new RangeError('broken'), 'RangeError', 'broken'],
    ['no error at all', 'broken', '_OTHER', 'broken'],
  ])('ends with why it failed: %s', async (_what, error, type, message) => {
    start().failed(error);
    const span = await spans.one('send');
    expectFailed(span, type, message);
    expect(exceptionsOf(span)).toEqual([message]);
  });

  it('ends also where the error itself fails', async () => {
    const reports = recordReports();
    const hostile = Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('hostile');
      },
    });
    start().failed(hostile);
    await spans.one('send');
    expect(reports.length).toBeGreaterThan(0);
  });

  it('takes everything also without a span', () => {
    const sending = new Sending(NO_SPAN, [['headers']], ATTRIBUTES);
    sending.succeeded([{ partition: 0, offset: '0' }]);
    sending.failed(new Error('x'));
    expect(sending.isWatched).toBe(false);
    expect(sending.headers).toEqual([['headers']]);
  });
});
