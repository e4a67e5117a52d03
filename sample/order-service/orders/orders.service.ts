import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Database } from '../../platform/database/database.js';
import { DATABASE } from '../../platform/database/database.module.js';
import { Inventory } from '../inventory/inventory.js';
import { OutboxRelay } from '../outbox/outbox-relay.js';
import type { NewOrder, Order } from './order.js';
import { OrderEvents } from './order-events.js';
import { OrdersRepository } from './orders.repository.js';

@Injectable()
export class OrdersService {
  private readonly tracer = trace.getTracer('order-service');

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly repository: OrdersRepository,
    private readonly events: OrderEvents,
    private readonly relay: OutboxRelay,
    private readonly inventory: Inventory,
  ) {}

  /**
   * Saves the order and, in the same transaction, what is to be published of it, inside one `create_order` span. Of an order of an
   * item the inventory is asked first, while no transaction is open.
   */
  async create(newOrder: NewOrder): Promise<Order> {
    const order = orderOf(newOrder);
    const attributes = { 'order.id': order.id, 'order.amount': order.amount };
    await this.inSpan('create_order', attributes, async () => {
      if (order.item) await this.inventory.requireAvailable(order.item);
      await this.save([order]);
    });
    return order;
  }

  /** All of them or none, inside one `create_orders` span, and published as one batch. */
  async createAll(newOrders: readonly NewOrder[]): Promise<readonly Order[]> {
    const orders = newOrders.map(orderOf);
    await this.inSpan('create_orders', { 'order.count': orders.length }, () => this.save(orders));
    return orders;
  }

  private async save(orders: readonly Order[]): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await this.repository.insert(transaction, orders);
      await this.events.publishCreated(transaction, orders);
    });
    this.relay.wake();
  }

  private inSpan(name: string, attributes: Attributes, work: () => Promise<void>): Promise<void> {
    return this.tracer.startActiveSpan(name, { attributes }, async (span: Span) => {
      try {
        await work();
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
        throw error;
      } finally {
        span.end();
      }
    });
  }
}

function orderOf(newOrder: NewOrder): Order {
  return { id: randomUUID(), ...newOrder, createdAt: new Date().toISOString() };
}
