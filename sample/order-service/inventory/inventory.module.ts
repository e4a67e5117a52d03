import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { ClientsModule, type KafkaOptions, Transport } from '@nestjs/microservices';
import { ENVIRONMENT } from '../../platform/environment/environment.module.js';
import { kafkaConnection, producerConfig } from '../../platform/kafka/kafka-connection.js';
import type { OrderServiceEnvironment } from '../order-service.environment.js';
import { InventoryController } from './inventory.controller.js';
import { Inventory, INVENTORY_CLIENT } from './inventory.js';

@Module({
  imports: [
    ClientsModule.registerAsync([
      {
        name: INVENTORY_CLIENT,
        inject: [ENVIRONMENT],
        useFactory: (environment: OrderServiceEnvironment): KafkaOptions => ({
          transport: Transport.KAFKA,
          options: {
            client: kafkaConnection('order-service', environment),
            producer: producerConfig,
            consumer: {
              // Of its own for each process: in a common group a replica would get no partition of the replies, and so no
              // reply, where there are more replicas than partitions. Everybody sees all replies and knows its own.
              groupId: `order-service-replies-${randomUUID()}`,
              allowAutoTopicCreation: false,
              // The fetch that is under way holds up a shutdown for as long.
              maxWaitTimeInMs: 1000,
            },
            postfixId: '',
          },
        }),
      },
    ]),
  ],
  controllers: [InventoryController],
  providers: [Inventory],
  exports: [Inventory],
})
export class InventoryModule {}
