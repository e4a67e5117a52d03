import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { DatabaseDefinition } from '../../platform/database/database.js';
import type { OutboxHeaders, OutboxMessage } from '../outbox/outbox-row.js';

export const orders = pgTable('orders', {
  id: uuid().primaryKey(),
  customerId: text('customer_id').notNull(),
  amount: numeric({ precision: 12, scale: 2, mode: 'number' }).notNull(),
  sku: text(),
  quantity: integer(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
});

/** What is to be sent to Kafka: a row is one send. */
export const outbox = pgTable(
  'outbox',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    topic: text().notNull(),
    messages: jsonb().$type<readonly OutboxMessage[]>().notNull(),
    /** Of `KafkaTracing.inject`: the trace context in which the row was written, and in which it is sent. */
    headers: jsonb().$type<OutboxHeaders>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** Null until the broker has acknowledged the messages. */
    sentAt: timestamp('sent_at', { withTimezone: true }),
  },
  (table) => [
    index('outbox_unsent')
      .on(table.id)
      .where(sql`sent_at is null`),
    index('outbox_sent')
      .on(table.sentAt)
      .where(sql`sent_at is not null`),
  ],
);

export const ordersDatabase: DatabaseDefinition = {
  name: 'orders',
  migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
