import { Module } from '@nestjs/common';
import { ClientsModule, type KafkaOptions, Transport } from '@nestjs/microservices';
import { DatabaseModule } from '../../platform/database/database.module.js';
import { ENVIRONMENT } from '../../platform/environment/environment.module.js';
import { kafkaConnection, producerConfig } from '../../platform/kafka/kafka-connection.js';
import { ordersDatabase } from '../database/schema.js';
import type { OrderServiceEnvironment } from '../order-service.environment.js';
import { KAFKA_CLIENT, OrderEvents } from './order-events.js';
import { OrdersController } from './orders.controller.js';
import { OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [
    DatabaseModule.forRoot(ordersDatabase),
    ClientsModule.registerAsync([
      {
        name: KAFKA_CLIENT,
        inject: [ENVIRONMENT],
        useFactory: (environment: OrderServiceEnvironment): KafkaOptions => ({
          transport: Transport.KAFKA,
          options: {
            client: kafkaConnection('order-service', environment),
            producer: producerConfig,
            producerOnlyMode: true,
            postfixId: '',
          },
        }),
      },
    ]),
  ],
  controllers: [OrdersController],
  providers: [OrdersService, OrdersRepository, OrderEvents],
})
export class OrdersModule {}
