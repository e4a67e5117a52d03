import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import type { Database } from '../../platform/database/database.js';
import { DATABASE } from '../../platform/database/database.module.js';
import { query } from '../../platform/database/query.js';
import { stock } from '../database/schema.js';

@Injectable()
export class StockRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Null where there is no such item. */
  async availableOf(sku: string): Promise<number | null> {
    const [row] = await query(this.database.select().from(stock).where(eq(stock.sku, sku)));
    return row?.available ?? null;
  }
}
