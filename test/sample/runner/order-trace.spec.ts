import { describe, expect, it } from 'vitest';
import type { ExpectedTrace } from '../../../sample/runner/expected-span.js';
import { expectedTraces } from '../../../sample/runner/expected-traces.js';
import { missingFrom as missingOf, tracesOfOrders } from '../../../sample/runner/order-trace.js';
import type { Span, Trace } from '../../../sample/trace-viewer/index.js';
import { orderTrace, poisonOrderTrace, span, spanId, TRACE_ID } from '../trace-viewer/support/spans.js';

const WHOLE = orderTrace();
const POISON = poisonOrderTrace();
const { order: ORDER_TRACE, poisonOrder: POISON_ORDER_TRACE } = expectedTraces('both');
const traceOf = (spans: readonly Span[]): Trace => ({ traceId: TRACE_ID, spans });
const missingFrom = (trace: Trace | undefined, expected: ExpectedTrace = ORDER_TRACE): readonly string[] =>
  missingOf(trace ? [trace] : [], expected);
const without = (name: string): Trace => traceOf(WHOLE.filter((one) => one.name !== name));
const changedAt = (id: string, change: Partial<Span>): Trace =>
  traceOf(POISON.map((one) => (one.spanId === spanId(id) ? { ...one, ...change } : one)));
const changed = (name: string, change: Partial<Span>): Trace =>
  traceOf(WHOLE.map((one) => (one.name === name ? { ...one, ...change } : one)));

describe('missingFrom', () => {
  it('misses nothing in a whole trace, whatever else is in it', () => {
    expect(missingFrom(traceOf([...WHOLE, span('0f', '05', 18, 19, { name: 'send mail' })]))).toEqual([]);
  });

  it.each([
    [
      'POST /orders',
      'the SERVER span `POST /orders` of order-service',
      '`POST /orders` as the parent of `create_order`',
    ],
    [
      'create_order',
      'the INTERNAL span `create_order` of order-service',
      '`create_order` as the parent of `send order-events`',
    ],
    [
      'send order-events',
      'the PRODUCER span `send order-events` of order-service',
      '`send order-events` as the parent of `process order-events`',
      'the link from `process order-events` to `send order-events`',
    ],
    [
      'process order-events',
      'the CONSUMER span `process order-events` of notification-service',
      '`process order-events` as the parent of `process_order_event`',
    ],
    ['process_order_event', 'the INTERNAL span `process_order_event` of notification-service'],
  ])('names the span `%s` when it is missing', (name, ...missing) => {
    expect(missingFrom(without(name))).toEqual(missing);
  });

  it('names a link that is missing, or that leads elsewhere', () => {
    const missing = ['the link from `process order-events` to `send order-events`'];
    expect(missingFrom(changed('process order-events', { links: [] }))).toEqual(missing);
    const elsewhere = { traceId: 'f'.repeat(32), spanId: spanId('03'), attributes: {} };
    expect(missingFrom(changed('process order-events', { links: [elsewhere] }))).toEqual(missing);
  });

  it('names a parent that is another span', () => {
    expect(missingFrom(changed('process order-events', { parentSpanId: spanId('01') }))).toEqual([
      '`send order-events` as the parent of `process order-events`',
    ]);
  });

  it('names attributes that are missing', () => {
    expect(missingFrom(changed('process_order_event', { attributes: { 'order.id': 'o-1' } }))).toEqual([
      'the attribute `order.amount` of `process_order_event`',
    ]);
  });

  it('takes a span of the wrong kind or service for missing', () => {
    expect(missingFrom(changed('process_order_event', { kind: 'CONSUMER' }))).toHaveLength(1);
    expect(missingFrom(changed('process_order_event', { serviceName: 'order-service' }))).toHaveLength(1);
  });

  it('is content with one whole delivery of several', () => {
    const redelivered = { ...WHOLE[3]!, spanId: spanId('14'), links: [] };
    expect(missingFrom(traceOf([redelivered, ...WHOLE]))).toEqual([]);
  });

  it('says so when there is no trace at all', () => {
    expect(missingFrom(undefined)).toEqual(['every span: none carries the id of this order']);
  });
});

describe('missingFrom, of an order that cannot be handled', () => {
  it('misses nothing where it failed, was tried again, and is a dead letter', () => {
    expect(missingFrom(traceOf(POISON), POISON_ORDER_TRACE)).toEqual([]);
  });

  it('misses the deliveries and the dead letter of an order that was handled', () => {
    expect(missingFrom(traceOf(WHOLE), POISON_ORDER_TRACE)).toEqual([
      'the error status of `process order-events`',
      'the error status of `process_order_event`',
      'the CONSUMER span `process order-events` (attempt 2) of notification-service',
      '`process order-events` (attempt 2) as the parent of `process_order_event`',
      'the error status of `process_order_event`',
      'the CONSUMER span `process order-events` (attempt 3) of notification-service',
      '`process order-events` (attempt 3) as the parent of `process_order_event`',
      'the error status of `process_order_event`',
      'the PRODUCER span `send order-events.dlt` of notification-service',
    ]);
  });

  it.each<[what: string, id: string, change: Partial<Span>, missing: string]>([
    [
      'a failed delivery that does not say so',
      '14',
      { status: { code: 'UNSET', message: '' } },
      'the error status of `process order-events` (attempt 2)',
    ],
    [
      'a last delivery that does not tell of the exception',
      '24',
      { events: [] },
      'the exception, without an error status, of `process order-events` (attempt 3)',
    ],
    [
      'a last delivery that counts as failed',
      '24',
      { status: { code: 'ERROR', message: 'no' } },
      'the exception, without an error status, of `process order-events` (attempt 3)',
    ],
    [
      'a dead letter that another delivery sent',
      '26',
      { parentSpanId: spanId('14') },
      '`process order-events` (attempt 3) as the parent of `send order-events.dlt`',
    ],
    [
      'a dead letter that does not lead back to its message',
      '26',
      { links: [] },
      'the link from `send order-events.dlt` to `send order-events`',
    ],
  ])('names %s', (_what, id, change, missing) => {
    expect(missingFrom(changedAt(id, change), POISON_ORDER_TRACE)).toEqual([missing]);
  });
});

describe('tracesOfOrders', () => {
  it('finds traces by the `order.id` of any of their spans', () => {
    const other = {
      traceId: 'f'.repeat(32),
      spans: [span('01', undefined, 0, 1, { attributes: { 'order.id': 'o-2' } })],
    };
    const found = tracesOfOrders([traceOf(WHOLE), other]);
    expect([...found].map(([id, { traceId }]) => [id, traceId])).toEqual([
      ['o-1', TRACE_ID],
      ['o-2', other.traceId],
    ]);
  });
});
