import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ORDER_EVENTS } from '../contracts/order-events.js';
import { prepareKafka } from '../platform/kafka/prepare-kafka.js';
import { AppModule } from './app.module.js';
import type { OrderServiceEnvironment } from './order-service.environment.js';

/** The whole service, wired and connected, but not listening yet. */
export async function createApp(environment: OrderServiceEnvironment): Promise<INestApplication> {
  await prepareKafka('order-service', { topics: [ORDER_EVENTS] }, environment);
  return NestFactory.create(AppModule.forRoot(environment), {
    abortOnError: false,
    return503OnClosing: true,
  });
}
