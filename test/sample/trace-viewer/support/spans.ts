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

/** What an order leaves behind that fails twice, and the third time is sent to the dead-letter topic. */
export function poisonOrderTrace(): readonly Span[] {
  const [post, create, send, process, step] = orderTrace();
  const failed = { status: { code: 'ERROR', message: 'no such mailbox' } } as const;
  const events = [exceptionEvent('MailRefusedError', 'no such mailbox')];
  const delivery = (id: string, from: number, attempt: number): Span => ({
    ...process!,
    ...(attempt < 3 ? failed : {}),
    spanId: spanId(`${id}4`),
    startUnixNano: at(from),
    endUnixNano: at(from + 9),
    attributes: {
      ...process!.attributes,
      ...(attempt > 1 ? { 'nestjs.kafka.delivery_attempt': attempt } : {}),
    },
    events,
  });
  const stepOf = (id: string, from: number): Span => ({
    ...step!,
    ...failed,
    spanId: spanId(`${id}5`),
    parentSpanId: spanId(`${id}4`),
    startUnixNano: at(from + 1),
    endUnixNano: at(from + 4),
  });
  return [
    post!,
    create!,
    send!,
    delivery('0', 16, 1),
    stepOf('0', 16),
    delivery('1', 116, 2),
    stepOf('1', 116),
    delivery('2', 316, 3),
    stepOf('2', 316),
    span('26', '24', 321, 324, {
      serviceName: 'notification-service',
      name: 'send order-events.dlt',
      kind: 'PRODUCER',
      links: [linkTo('03')],
    }),
  ];
}

export const exceptionEvent = (type: string, message: string): Span['events'][number] => ({
  name: 'exception',
  timeUnixNano: at(0),
  attributes: { 'exception.type': type, 'exception.message': message },
});
