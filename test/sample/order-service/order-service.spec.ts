import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplication, Logger } from '@nestjs/common';
import type { KafkaMessage } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { ORDER_EVENTS } from '../../../sample/contracts/order-events.js';
import { createApp } from '../../../sample/order-service/create-app.js';
import {
  type OrderServiceEnvironment,
  orderServiceEnvironment,
} from '../../../sample/order-service/order-service.environment.js';
import { OrderEvents } from '../../../sample/order-service/orders/order-events.js';
import { lockDataFolder } from '../../../sample/platform/database/data-folder-lock.js';
import { openEmbeddedDatabase } from '../../../sample/platform/database/open-embedded-database.js';
import { readEnvironment } from '../../../sample/platform/environment/environment.js';
import { StartupError } from '../../../sample/platform/lifecycle/startup.error.js';
import { ordersDatabase } from '../../../sample/order-service/database/schema.js';
import { connected, freshName, plainKafka } from '../../support/kafka.js';
import { afterTest, inSpan, useTracing } from '../../support/tracing.js';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

beforeAll(() => Logger.overrideLogger(false));

describe('order-service over HTTP', () => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    ({ app, url } = await listening(environment()));
  });
  afterAll(() => app.close());

  it('answers an order with 201 and all that it saved', async () => {
    const response = await post(url, { customerId: 'customer-1', amount: 19.99 });

    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      customerId: 'customer-1',
      amount: 19.99,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('finds an order as it was answered when it was made', async () => {
    const order = (await (await post(url, { customerId: 'customer-1', amount: 0.1 })).json()) as {
      id: string;
    };

    const found = await fetch(`${url}/orders/${order.id}`);

    expect(found.status).toBe(200);
    expect(await found.json()).toEqual(order);
  });

  it.each([
    ['no customer', { amount: 1 }, ['customerId']],
    ['an empty customer', { customerId: ' ', amount: 1 }, ['customerId']],
    ['a customer that no database stores', { customerId: 'a\0', amount: 1 }, ['customerId']],
    ['a customer that is no text', { customerId: '\uD800', amount: 1 }, ['customerId']],
    ['a customer that is a name', { customerId: '山田太郎', amount: 1 }, ['customerId']],
    ['no amount', { customerId: 'a' }, ['amount']],
    ['a string as the amount', { customerId: 'a', amount: '1' }, ['amount']],
    ['nothing to pay', { customerId: 'a', amount: 0 }, ['amount']],
    ['fractions of a cent', { customerId: 'a', amount: 1.005 }, ['amount']],
    ['more than the database holds', { customerId: 'a', amount: 1e12 }, ['amount']],
    ['both wrong', { customerId: 7, amount: -1 }, ['customerId', 'amount']],
    ['an array', [], [undefined]],
    ['half an item', { customerId: 'a', amount: 1, item: { sku: 'tea' } }, ['item.quantity']],
    ['none of an item', { customerId: 'a', amount: 1, item: { sku: 'tea', quantity: 0 } }, ['item.quantity']],
    ['a name in place of an item', { customerId: 'a', amount: 1, item: 'tea' }, ['item']],
  ])('refuses %s with 400, naming the fields', async (_case, body, fields) => {
    const response = await post(url, body);

    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors?.map(({ field }) => field)).toEqual(fields);
  });

  it.each([
    ['no orders', { orders: [] }, 'orders: expected 1 to 1000 orders'],
    [
      '1,001 orders',
      { orders: Array.from({ length: 1001 }, () => ({ customerId: 'a', amount: 1 })) },
      'orders: expected 1 to 1000',
    ],
    ['an array', [{ customerId: 'a', amount: 1 }], 'orders'],
    [
      'one bad order among good ones',
      {
        orders: [
          { customerId: 'a', amount: 1 },
          { customerId: 'a', amount: -1 },
        ],
      },
      'orders.1.amount',
    ],
    [
      'an order of an item',
      { orders: [{ customerId: 'a', amount: 1, item: { sku: 'tea', quantity: 1 } }] },
      'orders.0.item',
    ],
  ])('refuses %s in bulk with 400, naming the place', async (_case, body, place) => {
    const response = await post(url, body, '/orders/bulk');

    expect(response.status).toBe(400);
    const { errors = [] } = await problemOf(response);
    expect(errors.map(({ field, message }) => `${field}: ${message}`).join()).toContain(place);
  });

  it('refuses malformed JSON with 400, and says that it is', async () => {
    const response = await post(url, '{"customerId":');

    expect(response.status).toBe(400);
    expect((await problemOf(response)).detail).toMatch(/^The body is not valid JSON: /);
  });

  it('refuses a request without a body with 400, and says what it should have', async () => {
    const response = await fetch(`${url}/orders`, { method: 'POST' });

    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors).toEqual([
      { message: 'expected a JSON object with customerId and amount' },
    ]);
  });

  it.each(['null', '"an order"', '7'])(
    'refuses %s with 400, and does not say that it is no JSON',
    async (body) => {
      const response = await post(url, body);

      expect(response.status).toBe(400);
      expect((await problemOf(response)).detail).toBe('The body is no JSON object');
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded'])(
    'refuses a body of %s with 415',
    async (type) => {
      const response = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: JSON.stringify({ customerId: 'a', amount: 1 }),
      });

      expect(response.status).toBe(415);
      expect((await problemOf(response)).detail).toBe(
        `Expected a Content-Type of application/json, got ${type}`,
      );
    },
  );

  it('refuses 10 MiB of body with 413, and says how much it takes', async () => {
    const response = await post(url, { customerId: 'x'.repeat(10 * 1024 * 1024), amount: 1 });

    expect(response.status).toBe(413);
    expect((await problemOf(response)).detail).toBe('The body is too large: at most 1048576 bytes are taken');
  });

  it('refuses an address that does not exist with 404, in the same form', async () => {
    const response = await fetch(`${url}/nothing`);

    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await problemOf(response)).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'Cannot GET /nothing',
    });
  });

  it.each([
    ['an order that does not exist', UNKNOWN_ID, 404],
    ['an id that is not a UUID', 'not-a-uuid', 400],
  ])('answers %s', async (_case, id, status) => {
    expect((await fetch(`${url}/orders/${id}`)).status).toBe(status);
  });
});

describe('order-service on Kafka', () => {
  const spans = useTracing();

  it('saves and publishes an order inside create_order, under its trace id as correlation_id', async () => {
    const { url } = await listeningForOneTest();

    const order = (await (await post(url, { customerId: 'customer-1', amount: 5 })).json()) as { id: string };

    const event = await eventWithKey(order.id);
    const createOrder = await spans.one('create_order');
    const send = await spans.one(`send ${ORDER_EVENTS}`);
    expect(JSON.parse(String(event.value))).toEqual(order);
    expect(String(event.headers?.['correlation_id'])).toBe(createOrder.spanContext().traceId);
    expect(send).toBeChildOf(createOrder);
    expect(createOrder.attributes).toEqual({ 'order.id': order.id, 'order.amount': 5 });
    expect(createOrder.instrumentationScope.name).toBe('order-service');
  });

  it('records on create_order why an order failed, and ends it', async () => {
    const { app, url } = await listeningForOneTest();
    app.get(OrderEvents).publishCreated = () => Promise.reject(new Error('no broker'));

    const response = await inSpan('caller', () => post(url, { customerId: 'customer-1', amount: 5 }));

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('no broker');
    const createOrder = await spans.one('create_order');
    expect(createOrder.status.message).toBe('no broker');
    expect(createOrder.events.map(({ name }) => name)).toEqual(['exception']);
  });
});

describe('order-service at start', () => {
  it('takes its defaults where nothing is set, and where a variable is empty', () => {
    expect(readEnvironment(orderServiceEnvironment, { PORT: '' })).toEqual({
      PORT: 3000,
      KAFKA_BROKERS: ['127.0.0.1:9092'],
      DATA_DIR: '.data/order-service',
      LOG_LEVEL: 'info',
      STARTUP_TIMEOUT_SECONDS: 60,
    });
  });

  it('names every variable that is wrong, and shows no password', () => {
    const variables = { PORT: '70000', KAFKA_BROKERS: 'kafka', DATABASE_URL: 'mysql://u:secret@h/d' };

    const read = () => readEnvironment(orderServiceEnvironment, variables);

    expect(read).toThrow(StartupError);
    expect(read).toThrow(/PORT: .*"70000".*KAFKA_BROKERS: .*"kafka".*DATABASE_URL: /);
    expect(read).not.toThrow(/secret/);
  });

  it.each(['127.0.0.1:99999', '127.0.0.1:0', 'kafka:', ':9092', '[::1]', 'kafka:9092,'])(
    'refuses %j as brokers',
    (KAFKA_BROKERS) => {
      expect(() => readEnvironment(orderServiceEnvironment, { KAFKA_BROKERS })).toThrow(
        `KAFKA_BROKERS: expected a comma-separated list of host:port, got "${KAFKA_BROKERS}"`,
      );
    },
  );

  it('gives up on a Kafka that stays out of reach, and says where it looked', async () => {
    const unreachable = environment({ KAFKA_BROKERS: '127.0.0.1:1', STARTUP_TIMEOUT_SECONDS: '0' });

    await expect(createApp(unreachable)).rejects.toThrow(
      /Kafka \(127\.0\.0\.1:1\) is not reachable: .*ECONNREFUSED/,
    );
  });

  it('gives up on a database that stays out of reach, and shows no password', async () => {
    const unreachable = environment({
      DATABASE_URL: 'postgres://user:secret@127.0.0.1:1/orders',
      STARTUP_TIMEOUT_SECONDS: '0',
    });

    await expect(createApp(unreachable)).rejects.toThrow(
      /^The database \(127\.0\.0\.1:1\/orders\) is not reachable: .*ECONNREFUSED/,
    );
  });
});

describe('the data folder of a service', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'order-service-'));
    return () => rm(folder, { recursive: true, force: true });
  });

  it('keeps its rows over a restart', async () => {
    const first = await openEmbeddedDatabase(folder, ordersDatabase);
    await first.database.execute('create table kept (id int)');
    await first.close();

    const second = await openEmbeddedDatabase(folder, ordersDatabase);

    await expect(second.database.execute('select * from kept')).resolves.toMatchObject({ rows: [] });
    await second.close();
  });

  it('is refused to a second process', async () => {
    await writeFile(join(folder, 'service.lock'), String(process.ppid));

    await expect(lockDataFolder(folder)).rejects.toThrow(`${folder} is in use by process ${process.ppid}`);
  });

  it('is refused to a second database in this process', async () => {
    const unlock = await lockDataFolder(folder);

    await expect(lockDataFolder(folder)).rejects.toThrow(StartupError);
    await unlock();
  });

  it('is taken over from a process that died, and given back without a trace', async () => {
    const { pid } = spawnSync(process.execPath, ['--eval', '']);
    await writeFile(join(folder, 'service.lock'), String(pid));

    const unlock = await lockDataFolder(folder);

    expect(await readFile(join(folder, 'service.lock'), 'utf8')).toBe(String(process.pid));
    await unlock();
    expect(await readdir(folder)).toEqual([]);
  });
});

function environment(variables: NodeJS.ProcessEnv = {}): OrderServiceEnvironment {
  return readEnvironment(orderServiceEnvironment, {
    DATA_DIR: 'memory://',
    KAFKA_BROKERS: inject('brokers').join(','),
    LOG_LEVEL: 'silent',
    ...variables,
  });
}

async function listening(from: OrderServiceEnvironment): Promise<{ app: INestApplication; url: string }> {
  const app = await createApp(from);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function listeningForOneTest(): Promise<{ app: INestApplication; url: string }> {
  const service = await listening(environment());
  afterTest(() => service.app.close());
  return service;
}

/** A string is sent as it is, anything else as JSON. */
function post(url: string, body: unknown, path = '/orders'): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

interface ProblemDetails {
  readonly detail: string;
  readonly errors?: readonly { readonly field?: string; readonly message: string }[];
}

async function problemOf(response: Response): Promise<ProblemDetails> {
  return (await response.json()) as ProblemDetails;
}

async function eventWithKey(key: string): Promise<KafkaMessage> {
  const consumer = await connected(
    plainKafka().consumer({ groupId: freshName('reader'), maxWaitTimeInMs: 50 }),
  );
  await consumer.subscribe({ topics: [ORDER_EVENTS], fromBeginning: true });
  return new Promise((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          if (String(message.key) === key) resolve(message);
        },
      })
      .catch(reject);
  });
}
