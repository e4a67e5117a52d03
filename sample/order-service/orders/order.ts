import { z } from 'zod';

const AMOUNT = 'expected a positive amount of money, with at most two decimals and below 10 billion';

/** The body of `POST /orders`. */
export const newOrder = z.object(
  {
    customerId: z
      .string('expected a string')
      .trim()
      .min(1, 'expected a string that is not empty')
      .max(100, 'expected at most 100 characters')
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'expected no control characters and no lone surrogates'),
    amount: z.number(AMOUNT).positive(AMOUNT).lt(10_000_000_000, AMOUNT).multipleOf(0.01, AMOUNT),
  },
  'expected a JSON object with customerId and amount',
);

export const orderId = z.uuid('id: expected a UUID');

export type NewOrder = Readonly<z.infer<typeof newOrder>>;

export interface Order extends NewOrder {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly createdAt: string;
}
