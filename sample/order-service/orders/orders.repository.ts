import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import type { Database } from '../../platform/database/database.js';
import { DATABASE } from '../../platform/database/database.module.js';
import { query } from '../../platform/database/query.js';
import { orders } from '../database/schema.js';
import type { Order } from './order.js';

@Injectable()
export class OrdersRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async insert(transaction: Database, newOrders: readonly Order[]): Promise<void> {
    const rows = newOrders.map(({ item, ...order }) => ({
      ...order,
      ...item,
      createdAt: new Date(order.createdAt),
    }));
    await query(transaction.insert(orders).values(rows));
  }

  async find(id: string): Promise<Order | undefined> {
    const [row] = await query(this.database.select().from(orders).where(eq(orders.id, id)));
    if (!row) return undefined;
    const { sku, quantity, createdAt, ...order } = row;
    const item = sku === null || quantity === null ? {} : { item: { sku, quantity } };
    return { ...order, ...item, createdAt: createdAt.toISOString() };
  }
}
