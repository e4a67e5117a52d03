import type { notifications } from '../database/schema.js';

/** The one notification of an order. */
export type Notification = Readonly<typeof notifications.$inferSelect>;
