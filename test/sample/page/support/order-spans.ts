import type { SentSpan } from './sent-spans.js';

const NOTIFICATION = { service: 'notification-service' } as const;

/** What says of a consumer's span where its message lay. */
export const KAFKA = {
  'messaging.system.name': 'kafka',
  'messaging.destination.name': 'order-events',
  'messaging.destination.partition.id': '3',
  'kafka.offset': 1234,
  'messaging.consumer.group.name': 'mailers',
} as const;

/** An order and its mail in one trace. Span ids are the letters p, c, s, e and h. */
export function orderIn(trace: string): readonly SentSpan[] {
  return [...producedIn(trace), ...consumedIn(trace, { parent: 's', of: trace })];
}

/** As `orderIn`, but with the consumer's part in a trace of its own that only links to the producer's. */
export function linkedOrder(producing: string, consuming: string): readonly SentSpan[] {
  return [...producedIn(producing), ...consumedIn(consuming, { of: producing })];
}

export function producedIn(trace: string): readonly SentSpan[] {
  return [
    { trace, id: 'p', name: 'POST /orders', kind: 'SERVER', from: 0, to: 25 },
    { trace, id: 'c', parent: 'p', name: 'create_order', from: 2, to: 20 },
    { trace, id: 's', parent: 'c', name: 'send order-events', kind: 'PRODUCER', from: 10, to: 18 },
  ];
}

export function consumedIn(
  trace: string,
  { parent, of }: { readonly parent?: string; readonly of: string },
): readonly SentSpan[] {
  return [
    {
      ...NOTIFICATION,
      trace,
      id: 'e',
      ...(parent !== undefined && { parent }),
      name: 'process order-events',
      kind: 'CONSUMER',
      from: 22,
      to: 40,
      links: [{ trace: of, id: 's' }],
      attributes: KAFKA,
    },
    { ...NOTIFICATION, trace, id: 'h', parent: 'e', name: 'process_order_event', from: 23, to: 39 },
  ];
}

/** An order that fails, fails again, and is sent to the dead letters the third time. */
export function poisonOrderIn(trace: string): readonly SentSpan[] {
  const delivery = (attempt: number, from: number): readonly SentSpan[] => [
    {
      ...NOTIFICATION,
      trace,
      id: `e${attempt}`,
      parent: 's',
      name: 'process order-events',
      kind: 'CONSUMER',
      from,
      to: from + 10,
      links: [{ trace, id: 's' }],
      attributes: { ...KAFKA, ...(attempt > 1 && { 'nestjs.kafka.delivery_attempt': attempt }) },
      exception: 'no such mailbox',
      ...(attempt < 3 && { error: 'no such mailbox' }),
    },
  ];
  return [
    ...producedIn(trace),
    ...delivery(1, 22),
    ...delivery(2, 122),
    ...delivery(3, 322),
    {
      ...NOTIFICATION,
      trace,
      id: 'd',
      parent: 'e3',
      name: 'send order-events.dlt',
      kind: 'PRODUCER',
      from: 325,
      to: 330,
      links: [{ trace, id: 's' }],
    },
  ];
}
