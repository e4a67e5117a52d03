import { type INestApplication, Logger } from '@nestjs/common';
import { SpanStatusCode } from '@opentelemetry/api';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { ORDER_EVENTS } from '../../../sample/contracts/order-events.js';
import { createApp } from '../../../sample/order-service/create-app.js';
import { orderServiceEnvironment } from '../../../sample/order-service/order-service.environment.js';
import { OutboxSender } from '../../../sample/order-service/outbox/outbox-sender.js';
import { readEnvironment } from '../../../sample/platform/environment/environment.js';
import { PostgresServer } from '../../support/postgres.js';
import { afterTest, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';
import { freshName } from '../../support/kafka.js';

const CONCURRENT_ORDERS = 30;

let broker: EmbeddedKafka;
let postgres: PostgresServer;

// A broker of its own, since it is killed; a server, since several replicas of the service share it.
beforeAll(async () => {
  Logger.overrideLogger(false);
  [broker, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([broker.stop(), postgres.stop()]);
});

describe('the outbox of order-service', () => {
  const spans = useTracing();

  it('is marked once the event is sent, in the trace of the order', async () => {
    const database = await postgres.createDatabase();
    const { url } = await startService(database);

    const [id] = await placeOrders(url, 1);

    await untilSent(database, 1);
    const send = await spans.one(`send ${ORDER_EVENTS}`);
    expect(send).toBeChildOf(await spans.one('create_order'));
    expect(await eventsOf([id!])).toHaveLength(1);
  });

  it('holds nothing of an order that could not be saved, and saves nothing that it does not hold', async () => {
    const database = await postgres.createDatabase();
    const { url } = await startService(database);
    await postgres.query(database, 'alter table outbox add constraint full_up check (id < 2)');

    const [kept] = await placeOrders(url, 1);
    const refused = await post(url, '/orders', { customerId: 'customer-2', amount: 2 });

    expect(refused.status).toBe(500);
    expect(await postgres.query(database, 'select id from orders')).toEqual([{ id: kept }]);
    await untilSent(database, 1);
    const [failed] = spans.named('create_order').filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed?.status.message).toMatch(/violates check constraint/);
    expect(JSON.stringify(failed?.events)).not.toContain('customer-2');
  });

  it('sends what a process left that is gone, as part of the traces it began', async () => {
    const database = await postgres.createDatabase();
    const first = await startService(database);
    first.app.get(OutboxSender).send = () => Promise.reject(new Error('this one cannot'));
    const ids = await placeOrders(first.url, 3);
    await first.app.close();

    await startService(database);

    await untilSent(database, 3);
    const events = await eventsOf(ids);
    expect(events.map(({ key }) => String(key))).toEqual(ids);
    for (const send of spans.named(`send ${ORDER_EVENTS}`)) {
      expect(spans.named('create_order').map((span) => span.spanContext().spanId)).toContain(
        send.parentSpanContext?.spanId,
      );
    }
  });

  it('sends a row again whose send was not marked, and that row alone', async () => {
    const database = await postgres.createDatabase();
    const { url } = await startService(database);
    const ids = await placeOrders(url, 2);
    await untilSent(database, 2);

    await postgres.query(database, 'update outbox set sent_at = null where id = 2');

    await until('it was sent again', async () => (await eventsOf(ids)).length === 3);
    expect((await eventsOf(ids)).map(({ key }) => String(key))).toEqual([ids[0], ids[1], ids[1]]);
  });

  it('keeps orders while the broker is away, and sends them when it is back, with few failed sends', async () => {
    const database = await postgres.createDatabase();
    const { url } = await startService(database);
    await placeOrders(url, 1);
    await untilSent(database, 1);
    await broker.kill();

    const ids = await placeOrders(url, 10);
    await until('a send has failed', () => failedSends().length > 0, 30_000);
    await broker.restart();

    await untilSent(database, 11, 45_000);
    expect((await eventsOf(ids)).map(({ key }) => String(key))).toEqual(ids);
    expect(failedSends().length).toBeLessThan(5);
    for (const createOrder of spans.named('create_order')) {
      const sends = spans.named(`send ${ORDER_EVENTS}`).filter(isBelow(createOrder.spanContext().spanId));
      expect(sends.filter(({ status }) => status.code === SpanStatusCode.UNSET)).toHaveLength(1);
    }
  }, 90_000);

  it('is read by one replica at a time, and by the next one when that is gone', async () => {
    const database = await postgres.createDatabase();
    const replicas = await Promise.all([startService(database), startService(database)]);
    const sentBy = replicas.map(({ app }) => countSends(app));

    const ids = (await Promise.all(replicas.map(({ url }) => placeOrders(url, 10)))).flat();
    await untilSent(database, 20);

    expect(sentBy.map((count) => count()).toSorted((a, b) => a - b)).toEqual([0, 20]);
    expect(await eventsOf(ids)).toHaveLength(20);
    const leader = replicas[sentBy[0]!() === 20 ? 0 : 1];
    const standBy = replicas.find((replica) => replica !== leader)!;
    await leader.app.close();

    await placeOrders(standBy.url, 1);

    await untilSent(database, 21);
  });

  it('is read on when the session of the lock is lost', async () => {
    const database = await postgres.createDatabase();
    const { url } = await startService(database);
    await placeOrders(url, 1);
    await untilSent(database, 1);

    await postgres.endSessionsWithLocks(database);
    const ids = await placeOrders(url, 2);

    await untilSent(database, 3);
    expect(await eventsOf(ids)).toHaveLength(2);
  });

  it('is sent before the service has ended', async () => {
    const database = await postgres.createDatabase();
    const { app, url } = await startService(database);

    await Promise.all(Array.from({ length: CONCURRENT_ORDERS }, () => placeOrders(url, 1)));
    await app.close();

    expect(await unsentIn(database)).toBe(0);
  });

  it('forgets what was sent more than a week ago', async () => {
    const database = await postgres.createDatabase();
    const first = await startService(database);
    await placeOrders(first.url, 2);
    await untilSent(database, 2);
    await first.app.close();
    await postgres.query(database, `update outbox set sent_at = now() - interval '8 days' where id = 1`);

    await startService(database);

    await until('the old row is gone', async () => (await rowsIn(database)).length === 1);
    expect(await rowsIn(database)).toEqual([{ id: '2' }]);
  });

  it('takes a thousand orders at once, as one batch in which each has a creation context of its own', async () => {
    const database = await postgres.createDatabase();
    const { url } = await startService(database);
    const orders = Array.from({ length: 1000 }, (_, index) => ({
      customerId: `customer-${index}`,
      amount: 1,
    }));

    const response = await post(url, '/orders/bulk', { orders });

    expect(response.status).toBe(201);
    const ids = ((await response.json()) as { orders: { id: string }[] }).orders.map(({ id }) => id);
    await untilSent(database, 1);
    const events = await eventsOf(ids);
    expect(events.map(({ key }) => String(key))).toEqual(ids);
    const createOrders = await spans.one('create_orders');
    const send = await spans.one(`send ${ORDER_EVENTS}`);
    const creates = spans.named(`create ${ORDER_EVENTS}`);
    expect(createOrders.attributes).toEqual({ 'order.count': 1000 });
    expect(send).toBeChildOf(createOrders);
    expect(creates).toHaveLength(1000);
    expect(new Set(creates.map((create) => create.spanContext().traceId))).toEqual(
      new Set([createOrders.spanContext().traceId]),
    );
    const created = new Set(creates.map((create) => create.spanContext().spanId));
    const carried = events.map(({ headers }) => String(headers?.['traceparent']).split('-')[2]);
    expect(new Set(carried)).toEqual(created);
  });

  function failedSends(): readonly unknown[] {
    return spans.named(`send ${ORDER_EVENTS}`).filter(({ status }) => status.code === SpanStatusCode.ERROR);
  }
});

async function startService(database: string): Promise<{ app: INestApplication; url: string }> {
  const environment = readEnvironment(orderServiceEnvironment, {
    DATABASE_URL: database,
    KAFKA_BROKERS: broker.brokers.join(','),
    LOG_LEVEL: 'silent',
  });
  const app = await createApp(environment);
  afterTest(() => app.close());
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

function countSends(app: INestApplication): () => number {
  const sender = app.get(OutboxSender);
  const send = sender.send.bind(sender);
  let count = 0;
  sender.send = (row) => {
    count += 1;
    return send(row);
  };
  return () => count;
}

async function placeOrders(url: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let number = 1; number <= count; number++) {
    const response = await post(url, '/orders', { customerId: `customer-${number}`, amount: number });
    expect(response.status).toBe(201);
    ids.push(((await response.json()) as { id: string }).id);
  }
  return ids;
}

function post(url: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function untilSent(database: string, count: number, deadlineMs?: number): Promise<void> {
  const sent = async (): Promise<boolean> =>
    (await postgres.query(database, 'select 1 from outbox where sent_at is not null')).length === count;
  await until(`${count} rows are marked as sent`, sent, deadlineMs);
}

async function unsentIn(database: string): Promise<number> {
  return (await postgres.query(database, 'select 1 from outbox where sent_at is null')).length;
}

function rowsIn(database: string): Promise<readonly unknown[]> {
  return postgres.query(database, 'select id from outbox order by id');
}

function isBelow(spanId: string) {
  return ({ parentSpanContext }: { readonly parentSpanContext?: { readonly spanId: string } | undefined }) =>
    parentSpanContext?.spanId === spanId;
}

/** The events of these orders, in the order of the topic, of all that is in it now. */
async function eventsOf(ids: readonly string[]): Promise<readonly KafkaMessage[]> {
  const kafka = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: freshName('reader'), maxWaitTimeInMs: 50 });
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    const [partition] = await admin.fetchTopicOffsets(ORDER_EVENTS);
    const end = Number(partition?.high);
    const found: KafkaMessage[] = [];
    if (end === 0) return found;
    await consumer.subscribe({ topics: [ORDER_EVENTS], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: KafkaMessage }): Promise<void> => {
        if (ids.includes(String(message.key))) found.push(message);
        if (Number(message.offset) >= end - 1) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return found;
  } finally {
    await Promise.all([admin.disconnect(), consumer.disconnect()]);
  }
}
