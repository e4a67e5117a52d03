import { type INestApplication, Logger } from '@nestjs/common';
import type { ServerKafka } from '@nestjs/microservices';
import {
  type Consumer,
  Kafka,
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  logLevel,
  type Producer,
} from 'kafkajs';
import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ORDER_EVENTS } from '../../../sample/contracts/order-events.js';
import { createApp as createNotificationService } from '../../../sample/notification-service/create-app.js';
import { notificationServiceEnvironment } from '../../../sample/notification-service/notification-service.environment.js';
import { createApp as createOrderService } from '../../../sample/order-service/create-app.js';
import { orderServiceEnvironment } from '../../../sample/order-service/order-service.environment.js';
import { readEnvironment } from '../../../sample/platform/environment/environment.js';
import { watchMicroservices } from '../../../sample/platform/health/watch-microservices.js';
import { PostgresServer } from '../../support/postgres.js';
import { afterTest, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

/** To start a service takes long on a busy machine. */
const TIMEOUT_MS = 90_000;

let broker: EmbeddedKafka;
let postgres: PostgresServer;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [broker, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([broker.stop(), postgres.stop()]);
});

describe('/health/live', { timeout: TIMEOUT_MS }, () => {
  useTracing();

  it('is well while the consumers live', async () => {
    const { url } = await notificationService();

    expect(await health(url, 'live')).toEqual({
      code: 200,
      body: expect.objectContaining({ status: 'ok', details: { consumers: { status: 'up' } } }),
    });
  });

  it('fails once a consumer has crashed for good, and says why', async () => {
    const { app, url } = await notificationService();

    await crash(app, new KafkaJSNonRetriableError('The broker wants no more'));
    await until('it fails', async () => (await health(url, 'live')).code === 503);

    const { body } = await health(url, 'live');
    expect(JSON.stringify(body)).toContain('it crashed: The broker wants no more');
  });

  it('goes on being well when a consumer crashed and starts anew', async () => {
    const { app, url } = await notificationService();
    const { consumer } = kafkaOf(app);
    let rejoined = false;
    afterTest(consumer.on(consumer.events.GROUP_JOIN, () => (rejoined = true)));

    await crash(app, new KafkaJSConnectionError('The connection broke'));
    await until('it has joined its group again', () => rejoined, 60_000);

    expect((await health(url, 'live')).code).toBe(200);
  });

  it('of order-service looks at the consumer of replies', async () => {
    const { url } = await orderService();

    const { code, body } = await health(url, 'live');

    expect(code).toBe(200);
    expect(body).toMatchObject({ details: { consumers: { status: 'up' } } });
  });
});

describe('/health/ready', { timeout: TIMEOUT_MS }, () => {
  useTracing();

  it('tells of the database and of the broker', async () => {
    const { url } = await orderService();

    expect(await health(url, 'ready')).toEqual({
      code: 200,
      body: expect.objectContaining({ details: { database: { status: 'up' }, broker: { status: 'up' } } }),
    });
  });

  it('fails while the broker is away, and is well again when that is back; the process lives on', async () => {
    const { url } = await orderService();
    await broker.kill();

    const away = await health(url, 'ready');
    const alive = await health(url, 'live');
    await broker.restart();

    expect(away).toMatchObject({
      code: 503,
      body: { details: { database: { status: 'up' }, broker: { status: 'down' } } },
    });
    expect(alive.code).toBe(200);
    await expect(
      until('it is ready', async () => (await health(url, 'ready')).code === 200),
    ).resolves.toBeUndefined();
  });

  it('fails while the database is away', async () => {
    const { url } = await orderService();

    await postgres.stop();

    expect(await health(url, 'ready')).toMatchObject({
      code: 503,
      body: { details: { database: { status: 'down' }, broker: { status: 'up' } } },
    });
  });
});

interface Running {
  readonly app: INestApplication;
  readonly url: string;
}

const variables = async (): Promise<NodeJS.ProcessEnv> => ({
  DATABASE_URL: await postgres.createDatabase(),
  KAFKA_BROKERS: broker.brokers.join(','),
  LOG_LEVEL: 'silent',
});

async function notificationService(): Promise<Running> {
  const environment = readEnvironment(notificationServiceEnvironment, await variables());
  const app = await createNotificationService(environment);
  afterTest(() => app.close());
  await app.startAllMicroservices();
  watchMicroservices(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function orderService(): Promise<Running> {
  const app = await createOrderService(readEnvironment(orderServiceEnvironment, await variables()));
  afterTest(() => app.close());
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

function kafkaOf(app: INestApplication): { readonly consumer: Consumer } {
  const [microservice] = app.getMicroservices();
  const [, consumer] = microservice!.unwrap<[Kafka, Consumer, Producer]>();
  return { consumer };
}

/** Makes the next delivery reject with an error that kafkajs knows: what it does then is up to it. */
async function crash(app: INestApplication, error: Error): Promise<void> {
  const server = Reflect.get(app.getMicroservices()[0]!, 'serverInstance') as ServerKafka;
  const handle = vi.spyOn(server, 'handleMessage').mockRejectedValue(error);
  afterTest(() => handle.mockRestore());
  const producer = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic: ORDER_EVENTS, messages: [{ value: 'any' }] });
  await producer.disconnect();
}

async function health(
  url: string,
  what: 'live' | 'ready',
): Promise<{ readonly code: number; readonly body: unknown }> {
  const response = await fetch(`${url}/health/${what}`);
  return { code: response.status, body: await response.json() };
}
