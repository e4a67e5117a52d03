import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import type { Database } from '../../platform/database/database.js';
import { DATABASE } from '../../platform/database/database.module.js';
import { orders } from '../database/schema.js';
import type { Order } from './order.js';

@Injectable()
export class OrdersRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async insert(order: Order): Promise<void> {
    await this.database.insert(orders).values({ ...order, createdAt: new Date(order.createdAt) });
  }

  async find(id: string): Promise<Order | undefined> {
    const [row] = await this.database.select().from(orders).where(eq(orders.id, id));
    return row && { ...row, createdAt: row.createdAt.toISOString() };
  }
}
