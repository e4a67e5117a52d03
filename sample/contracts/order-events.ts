import { z } from 'zod';

/** The topic of everything that happens to orders, keyed by the order's id. */
export const ORDER_EVENTS = 'order-events';

/** Where its events go that cannot be handled; `KafkaTracing.deadLetter` names it so. */
export const ORDER_EVENTS_DEAD_LETTERS = `${ORDER_EVENTS}.dlt`;

/** What order-service publishes once an order has been saved. */
export const orderCreated = z.object({
  id: z.uuid(),
  // A lone surrogate is no character: it fits no address, and no later delivery would help.
  customerId: z.string().regex(/^\P{Cs}+$/u, 'expected well-formed text'),
  amount: z.number().positive(),
  createdAt: z.iso.datetime(),
});

export type OrderCreated = Readonly<z.infer<typeof orderCreated>>;
