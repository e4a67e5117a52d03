import { describe, expect, it } from 'vitest';
import { LEGEND, renderTrace, showsColor, type Span } from '../../../sample/trace-viewer/index.js';
import {
  exceptionEvent,
  linkTo,
  orderTrace,
  poisonOrderTrace,
  span,
  spanId,
  TRACE_ID,
} from './support/spans.js';

const COLOR_CODE = new RegExp(`${String.fromCodePoint(27)}\\[\\d+m`, 'g');
const OTHER_TRACE_ID = 'c0ffee00c0ffee00c0ffee00c0ffee00';

/** The lines below headline and headings. */
const rowsOf = (...spans: readonly Span[]): readonly string[] =>
  renderTrace({ traceId: TRACE_ID, spans }).split('\n').slice(2);

const numberedId = (index: number): string => index.toString(16).padStart(16, '0');

describe('renderTrace', () => {
  it('draws the trace of an order as a tree, in columns', () => {
    expect(renderTrace({ traceId: TRACE_ID, spans: orderTrace() })).toBe(
      [
        'trace 4bf92f3577b34da6a3ce929d0e0e4736  5 spans, 2 services, 30.0 ms',
        'SERVICE               SPAN                             KIND      DURATION  IN KAFKA',
        'order-service         POST /orders                     SERVER     25.1 ms',
        'order-service         └─ create_order                  INTERNAL   21.5 ms',
        '                         │  order.id=o-1  order.amount=10',
        'order-service            └─ send order-events          PRODUCER   8.20 ms',
        'notification-service        └─ process order-events    CONSUMER   14.0 ms  6.00 ms  partition 0, offset 12',
        '                               │  ↔ send order-events',
        'notification-service           └─ process_order_event  INTERNAL   12.5 ms',
        '                                     order.id=o-1  order.amount=10',
      ].join('\n'),
    );
  });

  it('draws an order that cannot be handled: its attempts, how they failed, its dead letter', () => {
    expect(rowsOf(...poisonOrderTrace()).slice(4)).toEqual([
      'notification-service        ├─ process order-events      CONSUMER   9.00 ms  6.00 ms  partition 0, offset 12',
      '                            │  │  ↔ send order-events',
      '                            │  │  ✗ no such mailbox',
      'notification-service        │  └─ process_order_event    INTERNAL   3.00 ms',
      '                            │        order.id=o-1  order.amount=10',
      '                            │        ✗ no such mailbox',
      'notification-service        ├─ process order-events      CONSUMER   9.00 ms  106 ms  partition 0, offset 12, attempt 2',
      '                            │  │  ↔ send order-events',
      '                            │  │  ✗ no such mailbox',
      'notification-service        │  └─ process_order_event    INTERNAL   3.00 ms',
      '                            │        order.id=o-1  order.amount=10',
      '                            │        ✗ no such mailbox',
      'notification-service        └─ process order-events      CONSUMER   9.00 ms  306 ms  partition 0, offset 12, attempt 3',
      '                               │  ↔ send order-events',
      '                               │  ! MailRefusedError: no such mailbox',
      'notification-service           ├─ process_order_event    INTERNAL   3.00 ms',
      '                               │     order.id=o-1  order.amount=10',
      '                               │     ✗ no such mailbox',
      'notification-service           └─ send order-events.dlt  PRODUCER   3.00 ms',
      '                                     ↔ send order-events',
    ]);
  });

  it.each([
    ['PaymentError', 'card declined', '! PaymentError: card declined'],
    ['PaymentError', '', '! PaymentError'],
    ['', '', '! an exception'],
  ])('shows an exception that was dealt with: %j, %j', (type, message, note) => {
    expect(rowsOf(span('01', undefined, 0, 1, { events: [exceptionEvent(type, message)] }))).toEqual([
      'order-service  span 01  INTERNAL   1.00 ms',
      `                  ${note}`,
    ]);
  });

  it('paints what it draws without moving a column', () => {
    const trace = { traceId: TRACE_ID, spans: orderTrace() };
    const painted = renderTrace(trace, { color: true });
    expect(painted.replaceAll(COLOR_CODE, '')).toBe(renderTrace(trace));
    expect(painted).toContain('\u001B[36m↔ send order-events\u001B[39m');
    expect(painted).toContain('\u001B[1mtrace 4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it('draws siblings below each other, with lines that pass by', () => {
    const spans = [
      span('01', undefined, 0, 5),
      span('02', '01', 1, 2),
      span('03', '02', 1, 2),
      span('04', '01', 3, 4),
    ];
    expect(rowsOf(...spans)).toEqual([
      'order-service  span 01        INTERNAL   5.00 ms',
      'order-service  ├─ span 02     INTERNAL   1.00 ms',
      'order-service  │  └─ span 03  INTERNAL   1.00 ms',
      'order-service  └─ span 04     INTERNAL   1.00 ms',
    ]);
  });

  it('shows that a span failed, and how', () => {
    const status = { code: 'ERROR', message: 'card declined' } as const;
    const spans = [
      span('01', undefined, 0, 1, { status, attributes: { 'error.type': 'PaymentError' } }),
      span('02', '01', 0, 0.0412, { status: { code: 'ERROR', message: '' } }),
    ];
    expect(rowsOf(...spans)).toEqual([
      'order-service  span 01     INTERNAL   1.00 ms',
      '               │  ✗ PaymentError: card declined',
      'order-service  └─ span 02  INTERNAL   41.2 µs',
      '                     ✗ failed',
    ]);
    expect(renderTrace({ traceId: TRACE_ID, spans }, { color: true })).toContain(
      '\u001B[31mspan 01\u001B[39m',
    );
  });

  it('shows numbers that JSON does not know in a list of an attribute', () => {
    const attributes = { ids: [9_007_199_254_740_993n, 1] };
    expect(rowsOf(span('01', undefined, 0, 1, { attributes }))[1]).toContain('ids=["9007199254740993",1]');
  });

  it('puts a span whose parent is missing at the root, and says so', () => {
    expect(rowsOf(span('02', '01', 1, 2), span('03', '02', 1, 2))).toEqual([
      'order-service  span 02     INTERNAL   1.00 ms',
      '               │  ? its parent 0101010101010101 is not here',
      'order-service  └─ span 03  INTERNAL   1.00 ms',
    ]);
  });

  it('draws every span once when spans are their own ancestors', () => {
    const names = rowsOf(span('01', '02', 0, 1), span('02', '01', 0, 1), span('03', '03', 0, 1))
      .filter((row) => row.startsWith('order-service'))
      .map((row) => /span \d\d/.exec(row)?.[0]);
    expect(names).toEqual(['span 01', 'span 02', 'span 03']);
    expect(rowsOf(span('03', '03', 0, 1)).join()).not.toContain('is not here');
  });

  it('draws a chain of ten thousand spans', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => ({
      ...span('01', undefined, 0, 1),
      spanId: numberedId(index + 1),
      parentSpanId: index === 0 ? undefined : numberedId(index),
    }));
    expect(rowsOf(...chain)).toHaveLength(10_000);
  });

  it('names a linked span of another trace when it is known, and gives ids when it is not', () => {
    const elsewhere = { ...span('0a', undefined, 0, 1, { name: 'create orders' }), traceId: OTHER_TRACE_ID };
    const spans = [
      span('01', undefined, 0, 1, {
        links: [linkTo('0a', OTHER_TRACE_ID), linkTo('0b', OTHER_TRACE_ID), linkTo('0c')],
      }),
    ];
    const find = ({ spanId: id }: { spanId: string }): Span | undefined =>
      id === spanId('0a') ? elsewhere : undefined;
    expect(renderTrace({ traceId: TRACE_ID, spans }, { find }).split('\n').slice(3)).toEqual([
      `                  ↔ create orders in trace ${OTHER_TRACE_ID}`,
      `                  ↔ span 0b0b0b0b in trace ${OTHER_TRACE_ID}`,
      '                  ↔ span 0c0c0c0c',
    ]);
  });

  it('counts the links that it does not show', () => {
    const links = Array.from({ length: 100 }, () => linkTo('0c'));
    expect(rowsOf(span('01', undefined, 0, 1, { links })).at(-1)).toContain('↔ and 92 more');
  });

  it('takes the time in Kafka from a producer that is only linked, and never makes it negative', () => {
    const producer = { ...span('0a', undefined, 7, 9, { kind: 'PRODUCER' }), traceId: OTHER_TRACE_ID };
    const consumer = span('01', undefined, 10, 12, {
      kind: 'CONSUMER',
      links: [linkTo('0a', OTHER_TRACE_ID)],
    });
    const row = (start: Span): string | undefined =>
      renderTrace({ traceId: TRACE_ID, spans: [consumer] }, { find: () => start }).split('\n')[2];
    expect(row(producer)).toMatch(/2\.00 ms {2}3\.00 ms$/);
    expect(row({ ...producer, startUnixNano: consumer.startUnixNano + 5n })).toMatch(/2\.00 ms {2}0 µs$/);
  });

  it('lets no control character of a remote process reach the terminal', () => {
    const name = 'evil \u001B[2J\nname \u202Egnp';
    expect(rowsOf(span('01', undefined, 0, 1, { name }))).toEqual([
      'order-service  evil \uFFFD[2J\uFFFDname \uFFFDgnp  INTERNAL   1.00 ms',
    ]);
  });

  it('shortens names that would not fit', () => {
    expect(rowsOf(span('01', undefined, 0, 1, { name: 'x'.repeat(500) }))[0]).toContain(
      `  ${'x'.repeat(59)}…  INTERNAL`,
    );
  });

  it('has a line for a trace without spans', () => {
    expect(renderTrace({ traceId: TRACE_ID, spans: [] })).toContain(`trace ${TRACE_ID}  no spans`);
  });

  it('explains its signs', () => {
    for (const sign of ['IN KAFKA', '↔', '✗', '!', '?']) expect(LEGEND).toContain(sign);
  });
});

describe('showsColor', () => {
  const terminal = { isTTY: true, hasColors: () => true };

  it('is true for a terminal that has colours', () => {
    expect(showsColor(terminal, {})).toBe(true);
  });

  it('is false for NO_COLOR, for a pipe and for a terminal that has none', () => {
    expect(showsColor(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(showsColor({}, {})).toBe(false);
    expect(showsColor({ isTTY: true, hasColors: () => false }, {})).toBe(false);
  });
});
