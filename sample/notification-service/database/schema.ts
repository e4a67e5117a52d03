import { fileURLToPath } from 'node:url';
import { integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { DatabaseDefinition } from '../../platform/database/database.js';

export const notifications = pgTable('notifications', {
  orderId: uuid('order_id').primaryKey(),
  recipient: text().notNull(),
  subject: text().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  /** Null until the mail server has taken the mail. */
  sentAt: timestamp('sent_at', { withTimezone: true }),
});

/** How much of each item there is. */
export const stock = pgTable('stock', {
  sku: text().primaryKey(),
  available: integer().notNull(),
});

export const notificationsDatabase: DatabaseDefinition = {
  name: 'notifications',
  migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
