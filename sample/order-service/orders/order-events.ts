import { Injectable } from '@nestjs/common';
import { ORDER_EVENTS, type OrderCreated } from '../../contracts/order-events.js';
import type { Database } from '../../platform/database/database.js';
import { Outbox } from '../outbox/outbox.js';
import type { Order } from './order.js';

/** Publishes what happens to orders. */
@Injectable()
export class OrderEvents {
  constructor(private readonly outbox: Outbox) {}

  /** Together with `transaction`; several orders as one batch. Events of one order stay in order, by its key. */
  async publishCreated(transaction: Database, orders: readonly Order[]): Promise<void> {
    const messages = orders.map((order) => ({
      key: order.id,
      value: JSON.stringify(eventOf(order)),
      headers: { 'event-type': 'order-created' },
    }));
    await this.outbox.add(transaction, ORDER_EVENTS, messages);
  }
}

function eventOf({ id, customerId, amount, createdAt }: Order): OrderCreated {
  return { id, customerId, amount, createdAt };
}
