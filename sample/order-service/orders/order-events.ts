import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ClientKafka } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { ORDER_EVENTS, type OrderCreated } from '../../contracts/order-events.js';

export const KAFKA_CLIENT = 'KAFKA_CLIENT';

/** Publishes what happens to orders. */
@Injectable()
export class OrderEvents implements OnModuleInit {
  constructor(@Inject(KAFKA_CLIENT) private readonly client: ClientKafka) {}

  async onModuleInit(): Promise<void> {
    await this.client.connect();
  }

  /** Resolves when the broker has acknowledged the event; events of one order stay in order, by its key. */
  async publishCreated(order: OrderCreated): Promise<void> {
    const event = { key: order.id, value: order, headers: { 'event-type': 'order-created' } };
    await lastValueFrom(this.client.emit(ORDER_EVENTS, event));
  }
}
