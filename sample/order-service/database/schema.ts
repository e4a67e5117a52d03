import { fileURLToPath } from 'node:url';
import { numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { DatabaseDefinition } from '../../platform/database/database.js';

export const orders = pgTable('orders', {
  id: uuid().primaryKey(),
  customerId: text('customer_id').notNull(),
  amount: numeric({ precision: 12, scale: 2, mode: 'number' }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
});

export const ordersDatabase: DatabaseDefinition = {
  name: 'orders',
  migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
