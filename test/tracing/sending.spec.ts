import { describe, expect, it } from 'vitest';
import { SpanAttributes } from '../../lib/tracing/attributes.js';
import { Sending } from '../../lib/tracing/sending.js';
import { recordReports } from '../support/diag-reports.js';
import { exceptionsOf, expectFailed, expectUnset } from '../support/expectations.js';
import { tracer, useTracing } from '../support/tracing.js';

const ATTRIBUTES = new SpanAttributes('latest');

const start = (): Sending => new Sending(tracer().startSpan('send'), undefined, ATTRIBUTES);

describe('a sending', () => {
  const spans = useTracing();

  it('ends with where the message is', async () => {
    const sending = start();
    expect(sending.isRecording).toBe(true);
    sending.succeeded(3, '42');
    expect(sending.isRecording).toBe(false);
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
    expect(reports).toHaveLength(1);
  });

  it('takes everything also without a span', () => {
    const sending = new Sending(undefined, 'headers', ATTRIBUTES);
    sending.succeeded(0, '0');
    sending.failed(new Error('x'));
    expect(sending.isRecording).toBe(false);
    expect(sending.headers).toBe('headers');
  });
});
