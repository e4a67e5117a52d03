import type { ExpectedTrace } from './expected-span.js';
import { ORDER_TRACE, POISON_ORDER_TRACE } from './expected-traces.js';

/** An order that order-service has taken. */
export interface PlacedOrder {
  readonly id: string;
  /** As it is called in what is printed. */
  readonly title: string;
  readonly isPoison: boolean;
  readonly expected: ExpectedTrace;
}

/** Past 64 characters no mail server takes the address that notification-service makes of it. */
const POISON_CUSTOMER = 'a-customer-with-a-name-that-is-too-long-for-the-address-of-an-email';
const TIMEOUT_MS = 10_000;

/** Places orders one after the other, and after them one that cannot be handled. */
export async function placeOrders(orderServiceUrl: string, count: number): Promise<readonly PlacedOrder[]> {
  const orders: PlacedOrder[] = [];
  for (let number = 1; number <= count; number++) {
    const id = await placeOrder(orderServiceUrl, { customerId: `customer-${number}`, amount: 10 * number });
    orders.push({ id, title: `order ${number}`, isPoison: false, expected: ORDER_TRACE });
  }
  const id = await placeOrder(orderServiceUrl, { customerId: POISON_CUSTOMER, amount: 10 });
  return [...orders, { id, title: 'poison order', isPoison: true, expected: POISON_ORDER_TRACE }];
}

async function placeOrder(orderServiceUrl: string, order: object): Promise<string> {
  const response = await fetch(`${orderServiceUrl}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await response.text();
  if (response.status !== 201) {
    throw new Error(`Expected POST /orders to answer 201, got ${response.status}: ${body}`);
  }
  return (JSON.parse(body) as { id: string }).id;
}
