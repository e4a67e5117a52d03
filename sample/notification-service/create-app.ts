import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type KafkaOptions, Transport } from '@nestjs/microservices';
import {
  INVENTORY_CHECK,
  INVENTORY_CHECK_DEAD_LETTERS,
  INVENTORY_CHECK_REPLIES,
} from '../contracts/inventory.js';
import { ORDER_EVENTS, ORDER_EVENTS_DEAD_LETTERS } from '../contracts/order-events.js';
import { kafkaConnection, producerConfig } from '../platform/kafka/kafka-connection.js';
import { prepareKafka } from '../platform/kafka/prepare-kafka.js';
import { AppModule } from './app.module.js';
import type { NotificationServiceEnvironment } from './notification-service.environment.js';

const NAME = 'notification-service';

/** The whole service, wired, but neither consuming nor listening yet. */
export async function createApp(environment: NotificationServiceEnvironment): Promise<INestApplication> {
  const topics = [
    ORDER_EVENTS,
    ORDER_EVENTS_DEAD_LETTERS,
    INVENTORY_CHECK,
    INVENTORY_CHECK_REPLIES,
    INVENTORY_CHECK_DEAD_LETTERS,
  ];
  await prepareKafka(NAME, { topics, groupId: NAME }, environment);
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
        // Whoever comes after a process that was killed waits for as long until Kafka gives it the partitions. No event may
        // take longer, since kafkajs says nothing to Kafka meanwhile.
        sessionTimeout: 15_000,
        // The fetch that is under way holds up a shutdown for as long.
        maxWaitTimeInMs: 1000,
        // How long an event that failed waits until it is handed over again. kafkajs doubles it with each failure, and
        // starts the consumer anew after the sixth; left alone, it begins with 300 ms and waits up to 30 s.
        retry: { initialRetryTime: 100, maxRetryTime: 2000 },
      },
      // A mail that takes long holds up its own partition, and not the inventory. An event that is tried again holds up all
      // of them until then: kafkajs waits with the whole consumer.
      run: { partitionsConsumedConcurrently: 4 },
      producer: producerConfig,
      // A group that is new has not missed the orders from before it joined.
      subscribe: { fromBeginning: true },
      postfixId: '',
    },
  });
  return app;
}
