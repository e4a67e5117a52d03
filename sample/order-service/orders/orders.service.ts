import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { NewOrder, Order } from './order.js';
import { OrderEvents } from './order-events.js';
import { OrdersRepository } from './orders.repository.js';

@Injectable()
export class OrdersService {
  private readonly tracer = trace.getTracer('order-service');

  constructor(
    private readonly repository: OrdersRepository,
    private readonly events: OrderEvents,
  ) {}

  /** Saves the order and publishes it, both inside one `create_order` span. */
  create(newOrder: NewOrder): Promise<Order> {
    const order: Order = { id: randomUUID(), ...newOrder, createdAt: new Date().toISOString() };
    const attributes = { 'order.id': order.id, 'order.amount': order.amount };
    return this.tracer.startActiveSpan('create_order', { attributes }, async (span) => {
      try {
        await this.repository.insert(order);
        await this.events.publishCreated(order);
        return order;
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
