import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { INVENTORY_CHECK, INVENTORY_CHECK_REPLIES } from '../contracts/inventory.js';
import { ORDER_EVENTS } from '../contracts/order-events.js';
import { prepareKafka } from '../platform/kafka/prepare-kafka.js';
import { AppModule } from './app.module.js';
import type { OrderServiceEnvironment } from './order-service.environment.js';

/** The whole service, wired and connected, but not listening yet. */
export async function createApp(environment: OrderServiceEnvironment): Promise<NestExpressApplication> {
  const topics = [ORDER_EVENTS, INVENTORY_CHECK, INVENTORY_CHECK_REPLIES];
  await prepareKafka('order-service', { topics }, environment);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(environment), {
    abortOnError: false,
    return503OnClosing: true,
    bodyParser: false,
  });
  // A thousand orders do not fit into the 100 KiB that Express takes otherwise.
  app.useBodyParser('json', { limit: '1mb' });
  return app;
}
