import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { Delivery } from '../../../lib/tracing/processing/delivery.js';
import { deliveryOf, rememberDelivery } from '../../../lib/tracing/processing/remembered-delivery.js';
import { NO_SPAN, TracedSpan } from '../../../lib/tracing/traced-span.js';
import { exceptionsOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { tracer, useTracing } from '../../support/tracing.js';

const start = (): Delivery => {
  const span = new TracedSpan('process span', tracer().startSpan('process'));
  return new Delivery(span, span.in(ROOT_CONTEXT));
};

describe('a delivery', () => {
  const spans = useTracing();

  it('fails with the exception that was recorded, whatever became of it', async () => {
    const delivery = start();
    const original = new TypeError('original');
    delivery.recordException(original);
    delivery.recordException(original);
    delivery.fail({ status: 'error', message: 'Internal server error' });
    delivery.end();
    const span = await spans.one('process');
    expectFailed(span, 'TypeError', 'original');
    expect(exceptionsOf(span)).toEqual(['original']);
  });

  it('fails with the reason where no exception was recorded, and once', async () => {
    const delivery = start();
    delivery.fail({ status: 'error', message: 'Forbidden' });
    delivery.fail(new Error('later'));
    delivery.end();
    const span = await spans.one('process');
    expectFailed(span, '_OTHER', 'Forbidden');
    expect(exceptionsOf(span)).toEqual(['Forbidden']);
  });

  it('is no failure where an exception was recorded and then handled', async () => {
    const delivery = start();
    delivery.recordException(new Error('handled'));
    delivery.setAttributes({ 'order.id': '1' });
    delivery.end();
    const span = await spans.one('process');
    expectUnset(span);
    expect(exceptionsOf(span)).toEqual(['handled']);
    expect(span.attributes).toEqual({ 'order.id': '1' });
  });

  it('is over when it has ended', async () => {
    const delivery = start();
    expect(delivery.isRecording).toBe(true);
    delivery.end();
    delivery.recordException(new Error('late'));
    delivery.fail(new Error('late'));
    expect(delivery.isRecording).toBe(false);
    expectUnset(await spans.one('process'));
  });

  it('is found by its context, and by what belongs to it alone', () => {
    const delivery = new Delivery(NO_SPAN, ROOT_CONTEXT);
    const token = {};
    rememberDelivery(token, delivery);
    expect(deliveryOf(token)).toBe(delivery);
    expect(deliveryOf({})).toBeUndefined();
    expect(Delivery.in(delivery.context)).toBe(delivery);
    expect(Delivery.in(ROOT_CONTEXT)).toBeUndefined();
    expect(Delivery.in(undefined)).toBeUndefined();
  });

  it.each([
    ['a function, which keeps it', () => {}],
    ['a frozen function', Object.freeze(() => {})],
    ['an object, which stays as it is', Object.freeze({})],
  ])('is found by %s', (_what, token) => {
    const [one, other] = [new Delivery(NO_SPAN, ROOT_CONTEXT), new Delivery(NO_SPAN, ROOT_CONTEXT)];
    rememberDelivery(token, one);
    rememberDelivery(token, other);
    expect(deliveryOf(token)).toBe(other);
    expect(Object.keys(token)).toEqual([]);
  });

  it('is entered by each handler once, until that leaves', () => {
    const delivery = new Delivery(NO_SPAN, ROOT_CONTEXT);
    const [one, other] = [{}, {}];
    expect([one, other, one, other].map((handler) => delivery.enter(handler))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    delivery.leave(one);
    expect([other, one, one].map((handler) => delivery.enter(handler))).toEqual([false, true, false]);
    delivery.leave(other);
    expect([one, other].map((handler) => delivery.enter(handler))).toEqual([false, true]);
  });

  it('takes everything also without a span', () => {
    const delivery = new Delivery(NO_SPAN, ROOT_CONTEXT);
    delivery.setAttributes({ a: 'b' });
    delivery.fail(new Error('x'));
    delivery.end();
    expect(delivery.isRecording).toBe(false);
  });
});
