import { Controller, StandardSchemaValidationPipe, UseFilters } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TracedEvent } from 'nestjs-kafka-tracing';
import { ORDER_EVENTS, orderCreated, type OrderCreated } from '../../contracts/order-events.js';
import { DeadLetterFilter } from '../dead-letters/dead-letter.filter.js';
import { InvalidMessageError } from '../dead-letters/invalid-message.error.js';
import { NotificationsService } from './notifications.service.js';

const validated = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => new InvalidMessageError(ORDER_EVENTS, issues),
});

/** Handles what order-service publishes. */
@Controller()
export class OrderEventsController {
  constructor(private readonly notifications: NotificationsService) {}

  @TracedEvent(ORDER_EVENTS, {
    span: 'process_order_event',
    attributes: (order: OrderCreated) => ({ 'order.id': order.id, 'order.amount': order.amount }),
  })
  @UseFilters(DeadLetterFilter)
  async notify(@Payload({ schema: orderCreated, pipes: [validated] }) order: OrderCreated): Promise<void> {
    await this.notifications.notify(order);
  }
}
