import { type INestApplication, Logger } from '@nestjs/common';
import { EmbeddedKafka, type RecordedSpan } from 'nestjs-kafka-tracing/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  INVENTORY_CHECK,
  INVENTORY_CHECK_REPLIES,
  type StockLevel,
} from '../../../sample/contracts/inventory.js';
import { createApp as createNotificationService } from '../../../sample/notification-service/create-app.js';
import { StockRepository } from '../../../sample/notification-service/inventory/stock.repository.js';
import { notificationServiceEnvironment } from '../../../sample/notification-service/notification-service.environment.js';
import { createApp as createOrderService } from '../../../sample/order-service/create-app.js';
import { orderServiceEnvironment } from '../../../sample/order-service/order-service.environment.js';
import { readEnvironment } from '../../../sample/platform/environment/environment.js';
import { PostgresServer } from '../../support/postgres.js';
import { afterTest, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

const OUTAGE_MS = 60_000;

let broker: EmbeddedKafka;
let postgres: PostgresServer;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [broker, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([broker.stop(), postgres.stop()]);
});

describe('the inventory, asked over Kafka', () => {
  const spans = useTracing();

  it('tells how much there is of an item, and of which there is none', async () => {
    await startNotificationService();
    const { url } = await startOrderService();

    expect(await stockOf(url, 'tea')).toEqual({ sku: 'tea', available: 1000 });
    expect(await stockOf(url, 'cocoa')).toEqual({ sku: 'cocoa', available: 0 });
    expect((await fetch(`${url}/inventory/gold`)).status).toBe(404);
    expect((await fetch(`${url}/inventory/no%20sku`)).status).toBe(400);
  });

  it('is asked before an order of an item is saved, inside create_order', async () => {
    await startNotificationService();
    const { url } = await startOrderService();

    const response = await post(url, { sku: 'tea', quantity: 2 });

    expect(response.status).toBe(201);
    const order = (await response.json()) as { id: string };
    expect(await (await fetch(`${url}/orders/${order.id}`)).json()).toEqual(order);
    const create = await spans.one('create_order');
    const request = await spans.one(`request ${INVENTORY_CHECK}`);
    const asked = await spans.one(`send ${INVENTORY_CHECK}`);
    const answered = await spans.one(`process ${INVENTORY_CHECK}`);
    const reply = await spans.one(`send ${INVENTORY_CHECK_REPLIES}`);
    const received = await spans.one(`process ${INVENTORY_CHECK_REPLIES}`);
    const path: readonly RecordedSpan[] = [create, request, asked, answered, reply, received];
    for (const [index, span] of path.slice(1).entries()) {
      expect(span).toBeChildOf(path[index]!);
    }
    expect(answered).toLinkTo(asked);
    expect(received).toLinkTo(reply);
    expect(await spans.one('send order-events')).toBeChildOf(create);
  });

  it.each([
    ['more than there is', { sku: 'coffee', quantity: 6 }, 409, 'There are 5 of coffee, and 6 were ordered'],
    [
      'an item that is not sold',
      { sku: 'gold', quantity: 1 },
      400,
      '{"field":"item.sku","message":"there is no item gold"}',
    ],
  ])('refuses an order of %s, and saves nothing', async (_case, item, status, problem) => {
    await startNotificationService();
    const { url, database } = await startOrderService();

    const response = await post(url, item);

    expect(response.status).toBe(status);
    expect(await response.text()).toContain(problem);
    expect(await postgres.query(database, 'select 1 from orders')).toEqual([]);
  });

  it('answers 503 where nobody answers, and takes orders that need no answer', async () => {
    const { url } = await startOrderService();

    const [ofItem, plain] = await Promise.all([post(url, { sku: 'tea', quantity: 1 }), post(url)]);

    expect(plain.status).toBe(201);
    expect(ofItem.status).toBe(503);
    expect((await spans.one(`request ${INVENTORY_CHECK}`)).attributes['error.type']).toBe('cancelled');
  });

  it('answers 503 where the answer is an error', async () => {
    const notifications = await startNotificationService();
    notifications.get(StockRepository).availableOf = () => Promise.reject(new Error('no database'));
    const { url } = await startOrderService();

    expect((await fetch(`${url}/inventory/tea`)).status).toBe(503);
  });

  it('answers each replica of order-service what that has asked', async () => {
    await startNotificationService();
    const replicas = await Promise.all([startOrderService(), startOrderService()]);
    const skus = ['tea', 'coffee', 'cocoa'];

    const answers = await Promise.all(replicas.flatMap(({ url }) => skus.map((sku) => stockOf(url, sku))));

    expect(answers.map(({ sku }) => sku)).toEqual([...skus, ...skus]);
  });

  it(
    'answers again after the broker was killed and is back',
    async () => {
      await startNotificationService();
      const { url } = await startOrderService();
      await stockOf(url, 'tea');

      await broker.kill();
      await broker.restart();

      const answers = async (): Promise<boolean> => (await fetch(`${url}/inventory/tea`)).status === 200;
      await expect(until('it answers', answers, OUTAGE_MS)).resolves.toBeUndefined();
    },
    OUTAGE_MS + 30_000,
  );
});

async function startNotificationService(): Promise<INestApplication> {
  const variables = {
    DATABASE_URL: await postgres.createDatabase(),
    KAFKA_BROKERS: broker.brokers.join(','),
    LOG_LEVEL: 'silent',
  };
  const app = await createNotificationService(readEnvironment(notificationServiceEnvironment, variables));
  afterTest(() => app.close());
  await app.startAllMicroservices();
  return app;
}

async function startOrderService(): Promise<{ readonly url: string; readonly database: string }> {
  const database = await postgres.createDatabase();
  const variables = { DATABASE_URL: database, KAFKA_BROKERS: broker.brokers.join(','), LOG_LEVEL: 'silent' };
  const app = await createOrderService(readEnvironment(orderServiceEnvironment, variables));
  afterTest(() => app.close());
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), database };
}

async function stockOf(url: string, sku: string): Promise<StockLevel> {
  const response = await fetch(`${url}/inventory/${sku}`);
  expect(response.status).toBe(200);
  return (await response.json()) as StockLevel;
}

function post(url: string, item?: object): Promise<Response> {
  return fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customerId: 'customer-1', amount: 5, ...(item && { item }) }),
  });
}
