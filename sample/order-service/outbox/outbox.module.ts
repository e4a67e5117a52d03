import { Module } from '@nestjs/common';
import { ClientsModule, type KafkaOptions, Transport } from '@nestjs/microservices';
import { ENVIRONMENT } from '../../platform/environment/environment.module.js';
import { kafkaConnection, producerConfig } from '../../platform/kafka/kafka-connection.js';
import type { OrderServiceEnvironment } from '../order-service.environment.js';
import { Outbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import { KAFKA_CLIENT, OutboxSender } from './outbox-sender.js';

@Module({
  imports: [
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
  providers: [Outbox, OutboxSender, OutboxRelay],
  exports: [Outbox, OutboxRelay],
})
export class OutboxModule {}
