import type { ExpectedSpan, ExpectedTrace } from './expected-span.js';

/** How often notification-service is to try an event. */
export const DELIVERY_ATTEMPTS = 3;

const notification = { service: 'notification-service' } as const;
const order = { service: 'order-service' } as const;

const post: ExpectedSpan = { ...order, name: 'POST /orders', kind: 'SERVER' };
const create: ExpectedSpan = { ...order, name: 'create_order', kind: 'INTERNAL', childOf: post };
const send: ExpectedSpan = { ...order, name: 'send order-events', kind: 'PRODUCER', childOf: create };

const delivery: ExpectedSpan = {
  ...notification,
  name: 'process order-events',
  kind: 'CONSUMER',
  childOf: send,
  linkedTo: send,
};
const step: ExpectedSpan = {
  ...notification,
  name: 'process_order_event',
  kind: 'INTERNAL',
  childOf: delivery,
  attributes: ['order.id', 'order.amount'],
};

export const ORDER_TRACE: ExpectedTrace = [post, create, send, delivery, step];

const failures = Array.from({ length: DELIVERY_ATTEMPTS - 1 }, (_, index): ExpectedSpan => {
  return { ...delivery, attempt: index + 1, outcome: 'failed' };
});
const givenUp: ExpectedSpan = { ...delivery, attempt: DELIVERY_ATTEMPTS, outcome: 'recovered' };
const failedStepOf = (childOf: ExpectedSpan): ExpectedSpan => ({ ...step, childOf, outcome: 'failed' });
const deadLetter: ExpectedSpan = {
  ...notification,
  name: 'send order-events.dlt',
  kind: 'PRODUCER',
  childOf: givenUp,
  linkedTo: send,
};

/** Of an order that cannot be handled: its last delivery is a success, since it sends a dead letter. */
export const POISON_ORDER_TRACE: ExpectedTrace = [
  post,
  create,
  send,
  ...[...failures, givenUp].flatMap((one) => [one, failedStepOf(one)]),
  deadLetter,
];
