import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import type { Database } from '../../platform/database/database.js';
import { DATABASE } from '../../platform/database/database.module.js';
import { query } from '../../platform/database/query.js';
import { notifications } from '../database/schema.js';
import type { Notification } from './notification.js';

@Injectable()
export class NotificationsRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async find(orderId: string): Promise<Notification | undefined> {
    const [row] = await query(
      this.database.select().from(notifications).where(eq(notifications.orderId, orderId)),
    );
    return row;
  }

  /** Makes the notification of an order, unless there is one. */
  async insertOnce(notification: Pick<Notification, 'orderId' | 'recipient' | 'subject'>): Promise<void> {
    await query(this.database.insert(notifications).values(notification).onConflictDoNothing());
  }

  async markSent(orderId: string): Promise<void> {
    await query(
      this.database
        .update(notifications)
        .set({ sentAt: new Date() })
        .where(eq(notifications.orderId, orderId)),
    );
  }
}
