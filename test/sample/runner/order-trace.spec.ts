import { describe, expect, it } from 'vitest';
import { missingFrom, tracesOfOrders } from '../../../sample/runner/order-trace.js';
import type { Span, Trace } from '../../../sample/trace-viewer/index.js';
import { orderTrace, span, spanId, TRACE_ID } from '../trace-viewer/support/spans.js';

const WHOLE = orderTrace();
const traceOf = (spans: readonly Span[]): Trace => ({ traceId: TRACE_ID, spans });
const without = (name: string): Trace => traceOf(WHOLE.filter((one) => one.name !== name));
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
