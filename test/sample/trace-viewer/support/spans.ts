import type { Span } from '../../../../sample/trace-viewer/index.js';

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

const START = 1_790_000_000_000_000_000n;

/** Nanoseconds since the epoch, `ms` after the test's beginning of time. */
export const at = (ms: number): bigint => START + BigInt(Math.round(ms * 1e6));

/** A span of the tests' trace; `id` is one byte that names it. */
export function span(
  id: string,
  parent: string | undefined,
  from: number,
  to: number,
  rest: Partial<Span> = {},
): Span {
  return {
    traceId: TRACE_ID,
    spanId: spanId(id),
    parentSpanId: parent === undefined ? undefined : spanId(parent),
    name: `span ${id}`,
    kind: 'INTERNAL',
    serviceName: 'order-service',
    scope: { name: 'test', version: '' },
    startUnixNano: at(from),
    endUnixNano: at(to),
    attributes: {},
    links: [],
    events: [],
    status: { code: 'UNSET', message: '' },
    ...rest,
  };
}

export const spanId = (id: string): string => id.padStart(2, '0').repeat(8);

export const linkTo = (id: string, traceId = TRACE_ID): Span['links'][number] => ({
  traceId,
  spanId: spanId(id),
  attributes: {},
});

/** What one order leaves behind when all goes well. */
export function orderTrace(): readonly Span[] {
  const notification = { serviceName: 'notification-service' };
  return [
    span('01', undefined, 0, 25.14, { name: 'POST /orders', kind: 'SERVER' }),
    span('02', '01', 3, 24.5, {
      name: 'create_order',
      attributes: { 'order.id': 'o-1', 'order.amount': 10 },
    }),
    span('03', '02', 10, 18.2, { name: 'send order-events', kind: 'PRODUCER' }),
    span('04', '03', 16, 30, {
      ...notification,
      name: 'process order-events',
      kind: 'CONSUMER',
      links: [linkTo('03')],
      attributes: { 'messaging.destination.partition.id': '0', 'kafka.offset': 12 },
    }),
    span('05', '04', 17, 29.5, {
      ...notification,
      name: 'process_order_event',
      attributes: { 'order.id': 'o-1', 'order.amount': 10 },
    }),
  ];
}
