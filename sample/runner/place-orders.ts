import type { ExpectedTrace } from './expected-span.js';
import type { ExpectedTraces } from './expected-traces.js';

/** An order that order-service has taken. */
export interface PlacedOrder {
  readonly id: string;
  /** As it is called in what is printed. */
  readonly title: string;
  /** One of those that were asked for, or one that shows something else. */
  readonly isPlain: boolean;
  readonly expected: ExpectedTrace;
}

/** Past 64 characters no mail server takes the address that notification-service makes of it. */
export const POISON_CUSTOMER = 'a-customer-with-a-name-that-is-too-long-for-the-address-of-an-email';

const BULK_COUNT = 3;
const TIMEOUT_MS = 10_000;

/** Places orders one after the other; then one of an item, some at once, and one that cannot be handled. */
export async function placeOrders(
  orderServiceUrl: string,
  count: number,
  expected: ExpectedTraces,
): Promise<readonly PlacedOrder[]> {
  const place = (path: string, body: object): Promise<unknown> => post(`${orderServiceUrl}${path}`, body);
  const orders: PlacedOrder[] = [];
  for (let number = 1; number <= count; number++) {
    const order = await place('/orders', { customerId: `customer-${number}`, amount: 10 * number });
    orders.push({ id: idOf(order), title: `order ${number}`, isPlain: true, expected: expected.order });
  }
  const tea = { customerId: 'customer-who-drinks-tea', amount: 8.5, item: { sku: 'tea', quantity: 2 } };
  // Refused where the inventory does not answer: then its trace is not whole, and that is what will be said.
  const ofItem = await place('/orders', tea).catch((error: unknown) => ({ id: String(error) }));
  const atOnce = (await place('/orders/bulk', { orders: bulkOrders(BULK_COUNT) })) as { orders: unknown[] };
  const poison = await place('/orders', { customerId: POISON_CUSTOMER, amount: 10 });
  return [
    ...orders,
    { id: idOf(ofItem), title: 'order of tea', isPlain: false, expected: expected.itemOrder },
    {
      id: idOf(atOnce.orders[0]),
      title: `${BULK_COUNT} orders at once`,
      isPlain: false,
      expected: expected.bulkOrder(BULK_COUNT),
    },
    { id: idOf(poison), title: 'poison order', isPlain: false, expected: expected.poisonOrder },
  ];
}

export function bulkOrders(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({
    customerId: `bulk-customer-${index + 1}`,
    amount: 1,
  }));
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await response.text();
  if (response.status !== 201)
    throw new Error(`Expected ${url} to answer 201, got ${response.status}: ${answer}`);
  return JSON.parse(answer);
}

function idOf(order: unknown): string {
  return (order as { readonly id: string }).id;
}
