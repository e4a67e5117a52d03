import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type KafkaOptions, Transport } from '@nestjs/microservices';
import { ORDER_EVENTS } from '../contracts/order-events.js';
import { createMissingTopics } from '../platform/kafka/create-missing-topics.js';
import { kafkaConnection } from '../platform/kafka/kafka-connection.js';
import { AppModule } from './app.module.js';
import type { NotificationServiceEnvironment } from './notification-service.environment.js';

/** The whole service, wired, but neither consuming nor listening yet. */
export async function createApp(environment: NotificationServiceEnvironment): Promise<INestApplication> {
  await createMissingTopics('notification-service', [ORDER_EVENTS], environment);
  const app = await NestFactory.create(AppModule.forRoot(environment), {
    abortOnError: false,
    return503OnClosing: true,
  });
  app.connectMicroservice<KafkaOptions>({
    transport: Transport.KAFKA,
    options: {
      client: kafkaConnection('notification-service', environment),
      consumer: {
        groupId: 'notification-service',
        allowAutoTopicCreation: false,
        // kafkajs gives up for good on what it deems hopeless, and Nest would go on without a consumer.
        retry: { restartOnFailure: () => Promise.resolve(true) },
      },
      // A group that is new has not missed the orders from before it joined.
      subscribe: { fromBeginning: true },
      postfixId: '',
    },
  });
  return app;
}
