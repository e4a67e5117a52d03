import { randomUUID } from 'node:crypto';
import { type INestApplication, Logger } from '@nestjs/common';
import { ClientKafka, type Server } from '@nestjs/microservices';
import {
  type Consumer,
  Kafka,
  type KafkaMessage,
  KafkaJSNonRetriableError,
  logLevel,
  type Message,
  type Producer,
} from 'kafkajs';
import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { lastValueFrom } from 'rxjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { INVENTORY_CHECK, INVENTORY_CHECK_DEAD_LETTERS } from '../../sample/contracts/inventory.js';
import {
  ORDER_EVENTS,
  ORDER_EVENTS_DEAD_LETTERS,
  type OrderCreated,
} from '../../sample/contracts/order-events.js';
import { createApp } from '../../sample/notification-service/create-app.js';
import { Mailer } from '../../sample/notification-service/mail/mailer.js';
import {
  notificationServiceEnvironment,
  type NotificationServiceEnvironment,
} from '../../sample/notification-service/notification-service.environment.js';
import { readEnvironment } from '../../sample/platform/environment/environment.js';
import { exceptionsOf, expectFailed, expectUnset } from '../support/expectations.js';
import { freshName } from '../support/kafka.js';
import { PostgresServer } from '../support/postgres.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const REFUSAL = '550 5.1.3 More than 64 characters before the @';

// A broker of its own: the service consumes in one group, and another spec runs the service on the common broker.
let broker: EmbeddedKafka;
let postgres: PostgresServer;
let kafka: Kafka;
let producer: Producer;

beforeAll(async () => {
  Logger.overrideLogger(false);
  [broker, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  kafka = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING });
  producer = kafka.producer();
  await producer.connect();
  return async () => {
    await producer.disconnect();
    await Promise.all([broker.stop(), postgres.stop()]);
  };
});

describe('an order that notification-service cannot handle', () => {
  const spans = useTracing();

  it('is tried three times, and then is a dead letter: its very bytes, and what became of them', async () => {
    await startService();
    const order = poisonOrder();
    // Written as no parser writes it again.
    const value = Buffer.from(`{ "comment": "5.0 €",\n ${JSON.stringify(order).slice(1)}`);
    const binary = Buffer.from([0, 255, 128]);

    const [sent] = await publish({
      key: order.id,
      value,
      headers: { binary, traceparent: traceparent(7) },
      timestamp: '1790000000000',
    });

    const { key, value: kept, headers } = await deadLetterWithKey(order.id);
    expect(key).toEqual(Buffer.from(order.id));
    expect(kept).toEqual(value);
    expect(headers?.['binary']).toEqual(binary);
    const send = await spans.one(`send ${ORDER_EVENTS_DEAD_LETTERS}`);
    const { traceId, spanId } = send.spanContext();
    expect(textOf(headers, 'binary')).toEqual({
      traceparent: `00-${traceId}-${spanId}-01`,
      'x-original-topic': ORDER_EVENTS,
      'x-original-partition': '0',
      'x-original-offset': sent?.baseOffset,
      'x-original-timestamp': '1790000000000',
      'x-original-traceparent': traceparent(7),
      'x-error-type': 'MailRefusedError',
      'x-error-message': REFUSAL,
      'x-delivery-attempt': '3',
    });
  });

  it('is one trace, from the first delivery to the dead letter', async () => {
    await startService();
    const order = poisonOrder();

    await publish(eventOf(order, { traceparent: traceparent(7) }));

    const deadLetter = await spans.one(`send ${ORDER_EVENTS_DEAD_LETTERS}`);
    const deliveries = await spans.all(`process ${ORDER_EVENTS}`, 3);
    const steps = await spans.all('process_order_event', 3);
    expect(deliveries.map((span) => span.attributes['nestjs.kafka.delivery_attempt'])).toEqual([
      undefined,
      2,
      3,
    ]);
    for (const [index, delivery] of deliveries.entries()) {
      expect(delivery).toBeProcessSpanOf(remoteSpan(7));
      expect(delivery).toBeChildOf(remoteSpan(7));
      expect(delivery).toLinkTo(remoteSpan(7));
      expect(exceptionsOf(delivery)).toEqual([REFUSAL]);
      expect(delivery.attributes['messaging.message.body.size']).toBe(JSON.stringify(order).length);
      expect(steps[index]).toBeChildOf(delivery);
      expectFailed(steps[index]!, 'MailRefusedError', REFUSAL);
    }
    const [first, second, last] = deliveries;
    expectFailed(first!, 'MailRefusedError', REFUSAL);
    expectFailed(second!, 'MailRefusedError', REFUSAL);
    expectUnset(last!);
    expect(deadLetter).toBeChildOf(last!);
    expect(deadLetter).toLinkTo(remoteSpan(7));
    expectUnset(deadLetter);
  });

  it('does not hold up the next order, however many of them there are', async () => {
    const { mailOf } = await startService();
    const poison = Array.from({ length: 4 }, poisonOrder);
    const next = newOrder();

    for (const order of [...poison, next]) await publish(eventOf(order));

    await until('the next order is handled', () => mailOf(next) !== undefined);
    for (const { id } of poison) expect(await deadLetterWithKey(id)).toBeDefined();
  });

  it('is tried as often as DELIVERY_ATTEMPTS says', async () => {
    await startService({ DELIVERY_ATTEMPTS: '1' });
    const order = poisonOrder();

    await publish(eventOf(order));

    expect(textOf((await deadLetterWithKey(order.id)).headers)).toMatchObject({ 'x-delivery-attempt': '1' });
    expectUnset(await spans.one(`process ${ORDER_EVENTS}`));
  });

  it('is tried on for as long as the dead letter cannot be sent', async () => {
    const { app, mailOf } = await startService();
    const [, , serviceProducer] = serverOf(app).unwrap<[Kafka, Consumer, Producer]>();
    // Left as it is, this error would stop the consumer for good.
    const send = vi.spyOn(serviceProducer, 'send').mockRejectedValueOnce(hopeless());
    afterTest(() => send.mockRestore());
    const [order, next] = [poisonOrder(), newOrder()];

    await publish(eventOf(order));
    await publish(eventOf(next));

    await until('the next order is handled', () => mailOf(next) !== undefined);
    expect(textOf((await deadLetterWithKey(order.id)).headers)).toMatchObject({ 'x-delivery-attempt': '4' });
    const deliveries = await spans.all(`process ${ORDER_EVENTS}`, 5);
    expectFailed(deliveries[2]!, 'MailRefusedError', REFUSAL);
    expectUnset(deliveries[3]!);
  });

  it('may fail with an error that kafkajs takes for hopeless', async () => {
    const { app, mailOf } = await startService();
    vi.spyOn(app.get(Mailer), 'send').mockRejectedValueOnce(new TypeError('a bug'));
    const order = newOrder();

    await publish(eventOf(order));

    await until('the order is handled', () => mailOf(order) !== undefined);
    expectFailed((await spans.all(`process ${ORDER_EVENTS}`, 2))[0]!, 'TypeError', 'a bug');
  });
});

describe('an order that cannot be handled while something is away', () => {
  const spans = useTracing();

  it.each([
    ['the mail server does not answer', { code: 'ECONNREFUSED' }],
    ['the mail server asks to come later', { code: 'EENVELOPE', responseCode: 421 }],
    ['the database shuts down', { code: '57P01' }],
    ['the database is gone', { message: 'Connection terminated unexpectedly' }],
  ])('waits for longer than DELIVERY_ATTEMPTS where %s', async (_what, reason) => {
    const { app, mailOf } = await startService({ DELIVERY_ATTEMPTS: '1' });
    const away = Object.assign(new Error('away'), reason);
    vi.spyOn(app.get(Mailer), 'send').mockRejectedValueOnce(away).mockRejectedValueOnce(away);
    const order = newOrder();

    await publish(eventOf(order));

    await until('its third delivery succeeds', () => spans.named(`process ${ORDER_EVENTS}`).length === 3);
    expect(mailOf(order)).toBeDefined();
    expect(spans.named(`send ${ORDER_EVENTS_DEAD_LETTERS}`)).toEqual([]);
  });
});

describe('a message of inventory.check that nobody waits for', () => {
  useTracing();

  it('is a dead letter where it does not keep to its contract, and requests are answered', async () => {
    await startService();
    const key = randomUUID();
    await producer.send({ topic: INVENTORY_CHECK, messages: [{ key, value: '{}' }] });

    const { headers } = await deadLetterWithKey(key, INVENTORY_CHECK_DEAD_LETTERS);

    expect(textOf(headers)).toMatchObject({
      'x-error-type': 'InvalidMessageError',
      'x-delivery-attempt': '1',
    });
    expect(await ask({ sku: 'tea' })).toMatchObject({ sku: 'tea' });
    await expect(ask({ sku: 7 })).rejects.toMatchObject({ message: 'Internal server error' });
  });
});

describe('an event that does not keep to its contract', () => {
  const spans = useTracing();

  it('is a dead letter at once, and the next order is handled', async () => {
    const { mailOf } = await startService();
    const invalid = [
      '{"id":"nonsense"}',
      JSON.stringify({ ...newOrder(), amount: -1 }),
      JSON.stringify({ ...newOrder(), amount: '5' }),
      JSON.stringify([newOrder()]),
      'not even JSON',
      '',
      null,
    ].map((value) => ({ key: randomUUID(), value }));
    const next = newOrder();

    for (const { key, value } of invalid) {
      await publish({ key, value, headers: { traceparent: traceparent(7) } });
    }
    await publish(eventOf(next));

    await until('the next order is handled', () => mailOf(next) !== undefined);
    for (const { key, value } of invalid) {
      const deadLetter = await deadLetterWithKey(key);
      expect(deadLetter.value?.toString() ?? null).toBe(value);
      expect(textOf(deadLetter.headers)).toMatchObject({
        'x-original-traceparent': traceparent(7),
        'x-error-type': 'InvalidMessageError',
        'x-error-message': expect.stringMatching(
          /^A message of order-events does not keep to its contract: /,
        ),
        'x-delivery-attempt': '1',
      });
    }
    const deliveries = (await spans.all(`process ${ORDER_EVENTS}`, 8)).slice(0, 7);
    const sends = await spans.all(`send ${ORDER_EVENTS_DEAD_LETTERS}`, 7);
    for (const [index, delivery] of deliveries.entries()) {
      expectUnset(delivery);
      expect(exceptionsOf(delivery)).toHaveLength(1);
      expect(sends[index]).toBeChildOf(delivery);
    }
  });
});

describe('DELIVERY_ATTEMPTS', () => {
  it('is 3 where nothing is set', () => {
    expect(read({})).toMatchObject({ DELIVERY_ATTEMPTS: 3 });
  });

  it.each(['0', '-1', '1.5', 'many', '1001'])('is refused when it is %j', (value) => {
    expect(() => read({ DELIVERY_ATTEMPTS: value })).toThrow(
      `DELIVERY_ATTEMPTS: expected a whole number from 1 to 1000, got "${value}"`,
    );
  });
});

interface Service {
  readonly app: INestApplication;
  /** The mail about an order, once it was sent. */
  mailOf(order: OrderCreated): unknown;
}

async function startService(variables: NodeJS.ProcessEnv = {}): Promise<Service> {
  const app = await createApp(
    read({
      DATABASE_URL: await postgres.createDatabase(),
      KAFKA_BROKERS: broker.brokers.join(','),
      LOG_LEVEL: 'silent',
      ...variables,
    }),
  );
  afterTest(() => app.close());
  const send = vi.spyOn(app.get(Mailer), 'send');
  await app.startAllMicroservices();
  return {
    app,
    mailOf: ({ id }) => send.mock.calls.find(([{ subject }]) => subject === `Your order ${id}`),
  };
}

function read(variables: NodeJS.ProcessEnv): NotificationServiceEnvironment {
  return readEnvironment(notificationServiceEnvironment, variables);
}

function serverOf(app: INestApplication): Server {
  const [microservice] = app.getMicroservices();
  return microservice as unknown as Server;
}

function hopeless(): Error {
  return new KafkaJSNonRetriableError('The message is too large');
}

function newOrder(): OrderCreated {
  return { id: randomUUID(), customerId: 'customer-1', amount: 5, createdAt: new Date().toISOString() };
}

/** Its customer has an address that no mail server takes. */
function poisonOrder(): OrderCreated {
  return { ...newOrder(), customerId: 'c'.repeat(65) };
}

function eventOf(order: OrderCreated, headers: Record<string, string> = {}): Message {
  return { key: order.id, value: JSON.stringify(order), headers };
}

function publish(message: Message): ReturnType<Producer['send']> {
  return producer.send({ topic: ORDER_EVENTS, messages: [message] });
}

async function deadLetterWithKey(key: string, topic = ORDER_EVENTS_DEAD_LETTERS): Promise<KafkaMessage> {
  const consumer = kafka.consumer({ groupId: freshName('reader'), maxWaitTimeInMs: 50 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    return await new Promise<KafkaMessage>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: KafkaMessage }): Promise<void> => {
        if (String(message.key) === key) resolve(message);
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}

async function ask(question: object): Promise<unknown> {
  const client = new ClientKafka({
    client: { brokers: [...broker.brokers], logLevel: logLevel.NOTHING },
    consumer: { groupId: freshName('asker'), maxWaitTimeInMs: 50 },
  });
  client.subscribeToResponseOf(INVENTORY_CHECK);
  await client.connect();
  try {
    return await lastValueFrom(client.send<unknown>(INVENTORY_CHECK, question));
  } finally {
    await client.close();
  }
}

function textOf(headers: KafkaMessage['headers'], ...without: readonly string[]): Record<string, string> {
  const entries = Object.entries(headers ?? {}).filter(([name]) => !without.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
