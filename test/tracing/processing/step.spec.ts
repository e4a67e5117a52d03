import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { Step } from '../../../lib/tracing/processing/step.js';
import { NO_SPAN, TracedSpan } from '../../../lib/tracing/traced-span.js';
import { exceptionsOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { tracer, useTracing } from '../../support/tracing.js';

describe('a step', () => {
  const spans = useTracing();

  it('has attributes, and leaves the status unset when it went well', async () => {
    const step = new Step(new TracedSpan('step span', tracer().startSpan('step')), ROOT_CONTEXT);
    step.setAttributes({ 'order.id': '1' });
    expect(step.isRecording).toBe(true);
    step.end();
    expect(step.isRecording).toBe(false);
    const span = await spans.one('step');
    expectUnset(span);
    expect(span.attributes).toEqual({ 'order.id': '1' });
  });

  it('fails without the exception, which is on the process span', async () => {
    const step = new Step(new TracedSpan('step span', tracer().startSpan('step')), ROOT_CONTEXT);
    step.fail(new TypeError('broken'));
    step.end();
    const span = await spans.one('step');
    expectFailed(span, 'TypeError', 'broken');
    expect(exceptionsOf(span)).toEqual([]);
  });

  it('takes everything also without a span', () => {
    const step = new Step(NO_SPAN, ROOT_CONTEXT);
    step.setAttributes({ a: 'b' });
    step.fail(new Error('x'));
    step.end();
    expect(step.isRecording).toBe(false);
    expect(step.context).toBe(ROOT_CONTEXT);
  });
});
