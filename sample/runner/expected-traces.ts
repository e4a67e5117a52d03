import type { Relation } from './arguments.js';
import type { ExpectedSpan, ExpectedTrace } from './expected-span.js';

/** How often notification-service is to try an event. */
export const DELIVERY_ATTEMPTS = 3;

/** What the traces of the orders that the sample places have, at least. */
export interface ExpectedTraces {
  readonly order: ExpectedTrace;
  /** Of an order of an item: the inventory is asked first. */
  readonly itemOrder: ExpectedTrace;
  /** Of `count` orders that are placed at once. */
  readonly bulkOrder: (count: number) => ExpectedTrace;
  /** Of an order that cannot be handled: its last delivery is a success, since it sends a dead letter. */
  readonly poisonOrder: ExpectedTrace;
}

const notification = { service: 'notification-service' } as const;
const order = { service: 'order-service' } as const;

const post: ExpectedSpan = { ...order, name: 'POST /orders', kind: 'SERVER' };
const create: ExpectedSpan = { ...order, name: 'create_order', kind: 'INTERNAL', childOf: post };
const send: ExpectedSpan = { ...order, name: 'send order-events', kind: 'PRODUCER', childOf: create };

export function expectedTraces(relation: Relation): ExpectedTraces {
  const delivery = (of: ExpectedSpan, as: Partial<ExpectedSpan> = {}): ExpectedSpan => ({
    ...notification,
    name: 'process order-events',
    kind: 'CONSUMER',
    ...related(relation, of),
    ...as,
  });
  return {
    order: [post, create, send, ...withStep(delivery(send))],
    itemOrder: [post, create, ...inventoryCheck(relation), send, ...withStep(delivery(send))],
    bulkOrder: (count) => bulkOrder(count, delivery),
    poisonOrder: poisonOrder(delivery),
  };
}

function related(relation: Relation, span: ExpectedSpan): Partial<ExpectedSpan> {
  return {
    ...(relation !== 'link' && { childOf: span }),
    ...(relation !== 'parent' && { linkedTo: span }),
  };
}

function withStep(delivery: ExpectedSpan, as: Partial<ExpectedSpan> = {}): ExpectedTrace {
  const step: ExpectedSpan = {
    ...notification,
    name: 'process_order_event',
    kind: 'INTERNAL',
    childOf: delivery,
    attributes: ['order.id', 'order.amount'],
    ...as,
  };
  return [delivery, step];
}

/** order-service answers to nobody's relation but the module's default. */
function inventoryCheck(relation: Relation): ExpectedTrace {
  const request: ExpectedSpan = {
    ...order,
    name: 'request inventory.check',
    kind: 'CLIENT',
    childOf: create,
  };
  const ask: ExpectedSpan = { ...order, name: 'send inventory.check', kind: 'PRODUCER', childOf: request };
  const answer: ExpectedSpan = {
    ...notification,
    name: 'process inventory.check',
    kind: 'CONSUMER',
    ...related(relation, ask),
  };
  const reply: ExpectedSpan = {
    ...notification,
    name: 'send inventory.check.reply',
    kind: 'PRODUCER',
    childOf: answer,
  };
  const received: ExpectedSpan = {
    ...order,
    name: 'process inventory.check.reply',
    kind: 'CONSUMER',
    ...related('both', reply),
  };
  return [request, ask, answer, reply, received];
}

function bulkOrder(
  times: number,
  delivery: (of: ExpectedSpan, as: Partial<ExpectedSpan>) => ExpectedSpan,
): ExpectedTrace {
  const postAll: ExpectedSpan = { ...order, name: 'POST /orders/bulk', kind: 'SERVER' };
  const createAll: ExpectedSpan = { ...order, name: 'create_orders', kind: 'INTERNAL', childOf: postAll };
  const created: ExpectedSpan = {
    ...order,
    name: 'create order-events',
    kind: 'PRODUCER',
    childOf: createAll,
    times,
  };
  const sendAll: ExpectedSpan = {
    ...order,
    name: 'send order-events',
    kind: 'CLIENT',
    childOf: createAll,
    linkedTo: created,
  };
  return [postAll, createAll, created, sendAll, ...withStep(delivery(created, { times }), { times })];
}

function poisonOrder(delivery: (of: ExpectedSpan, as: Partial<ExpectedSpan>) => ExpectedSpan): ExpectedTrace {
  const failures = Array.from({ length: DELIVERY_ATTEMPTS - 1 }, (_, index) =>
    delivery(send, { attempt: index + 1, outcome: 'failed' }),
  );
  const givenUp = delivery(send, { attempt: DELIVERY_ATTEMPTS, outcome: 'recovered' });
  const deadLetter: ExpectedSpan = {
    ...notification,
    name: 'send order-events.dlt',
    kind: 'PRODUCER',
    childOf: givenUp,
    linkedTo: send,
  };
  const deliveries = [...failures, givenUp].flatMap((one) => withStep(one, { outcome: 'failed' }));
  return [post, create, send, ...deliveries, deadLetter];
}
