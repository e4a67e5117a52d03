import { Injectable } from '@nestjs/common';
import type { OrderCreated } from '../../contracts/order-events.js';
import { Mailer } from '../mail/mailer.js';
import { NotificationsRepository } from './notifications.repository.js';

@Injectable()
export class NotificationsService {
  constructor(
    private readonly repository: NotificationsRepository,
    private readonly mailer: Mailer,
  ) {}

  /**
   * Tells the customer about the order. Kafka delivers at least once: a redelivered order keeps its one row, and gets
   * another mail only where nobody knows whether the first one went out.
   */
  async notify(order: OrderCreated): Promise<void> {
    const known = await this.repository.find(order.id);
    if (known?.sentAt) return;
    const recipient = `${encodeURIComponent(order.customerId)}@customers.example`;
    const subject = `Your order ${order.id}`;
    await this.repository.insertOnce({ orderId: order.id, recipient, subject });
    await this.mailer.send({
      messageId: `<order-${order.id}@shop.example>`,
      to: recipient,
      subject,
      text: `Thank you for your order of ${order.amount.toFixed(2)}.`,
    });
    await this.repository.markSent(order.id);
  }
}
