import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type KafkaOptions, Transport } from '@nestjs/microservices';
import { ORDER_EVENTS } from '../contracts/order-events.js';
import { kafkaConnection, producerConfig } from '../platform/kafka/kafka-connection.js';
import { prepareKafka } from '../platform/kafka/prepare-kafka.js';
import { AppModule } from './app.module.js';
import type { NotificationServiceEnvironment } from './notification-service.environment.js';

const NAME = 'notification-service';

/** The whole service, wired, but neither consuming nor listening yet. */
export async function createApp(environment: NotificationServiceEnvironment): Promise<INestApplication> {
  await prepareKafka(NAME, { topics: [ORDER_EVENTS], groupId: NAME }, environment);
  const app = await NestFactory.create(AppModule.forRoot(environment), {
    abortOnError: false,
    return503OnClosing: true,
  });
  app.connectMicroservice<KafkaOptions>({
    transport: Transport.KAFKA,
    options: {
      client: kafkaConnection(NAME, environment),
      consumer: {
        groupId: NAME,
        allowAutoTopicCreation: false,
        // The fetch that is under way holds up a shutdown for as long.
        maxWaitTimeInMs: 1000,
        // kafkajs gives up for good on what it deems hopeless, and Nest would go on without a consumer.
        retry: { restartOnFailure: () => Promise.resolve(true) },
      },
      producer: producerConfig,
      // A group that is new has not missed the orders from before it joined.
      subscribe: { fromBeginning: true },
      postfixId: '',
    },
  });
  return app;
}
