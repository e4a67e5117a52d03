import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ORDER_EVENTS } from '../contracts/order-events.js';
import { createMissingTopics } from '../platform/kafka/create-missing-topics.js';
import { AppModule } from './app.module.js';
import type { OrderServiceEnvironment } from './order-service.environment.js';

/** The whole service, wired and connected, but not listening yet. */
export async function createApp(environment: OrderServiceEnvironment): Promise<INestApplication> {
  await createMissingTopics('order-service', [ORDER_EVENTS], environment);
  return NestFactory.create(AppModule.forRoot(environment), {
    abortOnError: false,
    return503OnClosing: true,
  });
}
