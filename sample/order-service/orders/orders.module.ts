import { Module } from '@nestjs/common';
import { InventoryModule } from '../inventory/inventory.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { OrderEvents } from './order-events.js';
import { OrdersController } from './orders.controller.js';
import { OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [OutboxModule, InventoryModule],
  controllers: [OrdersController],
  providers: [OrdersService, OrdersRepository, OrderEvents],
})
export class OrdersModule {}
