import { z } from 'zod';

const CUSTOMER = 'expected 1 to 100 letters of ASCII, digits, and . _ + -';
const AMOUNT = 'expected a positive amount of money, with at most two decimals and below 10 billion';
const QUANTITY = 'expected a whole number from 1 to 1000';
const SKU = 'expected 1 to 50 letters, digits and hyphens';
const MOST_ORDERS = 1000;
const ORDERS = `expected 1 to ${MOST_ORDERS} orders`;

export const sku = z.string(SKU).regex(/^[a-z\d-]{1,50}$/i, SKU);

const customerId = z.string(CUSTOMER).regex(/^[\w.+-]{1,100}$/, CUSTOMER);
const amount = z.number(AMOUNT).positive(AMOUNT).lt(10_000_000_000, AMOUNT).multipleOf(0.01, AMOUNT);
const quantity = z.number(QUANTITY).int(QUANTITY).min(1, QUANTITY).max(1000, QUANTITY);
const item = z.object({ sku, quantity }, 'expected an object with sku and quantity');

/** The body of `POST /orders`. */
export const newOrder = z.object(
  { customerId, amount, item: item.optional() },
  'expected a JSON object with customerId and amount',
);

/** The body of `POST /orders/bulk`: orders of which none is of an item, since nobody asks the inventory a thousand times. */
export const newOrders = z.object(
  {
    orders: z
      .array(
        z.object(
          { customerId, amount, item: z.undefined('expected no item in a bulk order').optional() },
          'expected a JSON object with customerId and amount',
        ),
        ORDERS,
      )
      .min(1, ORDERS)
      .max(MOST_ORDERS, ORDERS),
  },
  'expected a JSON object with orders',
);

export const orderId = z.uuid('id: expected a UUID');

export type NewOrder = Readonly<z.infer<typeof newOrder>>;
export type NewOrders = Readonly<z.infer<typeof newOrders>>;

export interface Order extends NewOrder {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly createdAt: string;
}
