import { randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { ORDER_EVENTS, type OrderCreated } from '../../sample/contracts/order-events.js';
import { createApp } from '../../sample/notification-service/create-app.js';
import { type Mail, Mailer } from '../../sample/notification-service/mail/mailer.js';
import { notificationServiceEnvironment } from '../../sample/notification-service/notification-service.environment.js';
import { readEnvironment } from '../../sample/platform/environment/environment.js';
import { plainKafka, sendPlain } from '../support/kafka.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

beforeAll(() => Logger.overrideLogger(false));

describe('notification-service', () => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    ({ app, url } = await start());
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  it('notifies the customer of an order, and keeps a row of it', async () => {
    const sent = mailsOf(app);
    const order = newOrder();

    await publish(order);

    expect(await notificationOf(url, order)).toEqual({
      orderId: order.id,
      recipient: 'customer-1@customers.example',
      subject: `Your order ${order.id}`,
      createdAt: expect.any(String),
      sentAt: expect.any(String),
    });
    expect(sent(order)).toHaveLength(1);
  });

  it('notifies once of an order that is delivered twice', async () => {
    const sent = mailsOf(app);
    const order = newOrder();
    const next = newOrder();

    await publish(order);
    const row = await notificationOf(url, order);
    await publish(order);
    await publish(next);
    await notificationOf(url, next);

    expect(await notificationOf(url, order)).toEqual(row);
    expect(sent(order)).toHaveLength(1);
  });

  it('tries again when the mail was not taken', async () => {
    const send = vi.spyOn(app.get(Mailer), 'send').mockRejectedValueOnce(new Error('mailbox is full'));
    const order = newOrder();

    await publish(order);
    await until('the mail was sent', async () => (await notificationOf(url, order))['sentAt'] !== null);

    expect(mailsAbout(order, send.mock.calls)).toHaveLength(2);
  });

  it('goes on after an event that does not keep to its contract', async () => {
    const order = newOrder();

    await sendPlain(ORDER_EVENTS, { key: order.id, value: JSON.stringify({ id: 'nonsense' }) });
    await sendPlain(ORDER_EVENTS, { key: order.id, value: 'not even JSON' });
    await publish(order);

    expect(await notificationOf(url, order)).toMatchObject({ orderId: order.id });
  });

  it('consumes in the group notification-service, without a postfix', async () => {
    const order = newOrder();
    await publish(order);
    await notificationOf(url, order);

    const admin = plainKafka().admin();
    await admin.connect();
    const { groups } = await admin.describeGroups(['notification-service']).finally(() => admin.disconnect());

    expect(groups[0]?.members).toHaveLength(1);
  });

  it('answers 404 where there is no notification, and 400 where the id is not a UUID', async () => {
    expect((await fetch(`${url}/notifications/${randomUUID()}`)).status).toBe(404);
    expect((await fetch(`${url}/notifications/nonsense`)).status).toBe(400);
  });
});

describe('notification-service in a trace', () => {
  const spans = useTracing();

  it('handles the order in a process_order_event span, in the trace of its producer', async () => {
    const { url } = await startForOneTest();
    const order = newOrder();

    await publish(order, { traceparent: traceparent(7) });
    await notificationOf(url, order);

    const ofThisOrder = () =>
      spans.named('process_order_event').find((span) => span.attributes['order.id'] === order.id);
    await until('process_order_event ended', () => ofThisOrder() !== undefined);
    const step = ofThisOrder()!;
    await until('its delivery ended', () => delivery() !== undefined);
    function delivery() {
      return spans.finished.find((span) => span.spanContext().spanId === step.parentSpanContext?.spanId);
    }
    expect(step.attributes).toEqual({ 'order.id': order.id, 'order.amount': 5 });
    expect(step).toBeChildOf(delivery()!);
    expect(step).toContinueTraceOf(remoteSpan(7));
    expect(delivery()!.name).toBe(`process ${ORDER_EVENTS}`);
    expect(delivery()).toBeProcessSpanOf(remoteSpan(7));
    expect(delivery()).toBeChildOf(remoteSpan(7));
    expect(delivery()).toLinkTo(remoteSpan(7));
  });
});

describe('notification-service with SMTP_URL', () => {
  useTracing();

  it('sends the mail to the server that SMTP_URL names', async () => {
    const smtp = await mailServer();
    const { url } = await startForOneTest({ SMTP_URL: smtp.url });
    const order = newOrder();

    await publish(order);
    await notificationOf(url, order);
    await until('the mail arrived', () => smtp.received().includes(`Subject: Your order ${order.id}`));

    expect(smtp.received()).toContain('RCPT TO:<customer-1@customers.example>');
  });

  it.each(['http://u:secret@h', 'smtp://', 'secret'])(
    'names SMTP_URL when that is %j, and does not show it',
    (url) => {
      const read = () => readEnvironment(notificationServiceEnvironment, { SMTP_URL: url });

      expect(read).toThrow(/SMTP_URL: expected smtp:/);
      expect(read).not.toThrow(/secret/);
    },
  );
});

async function start(variables: NodeJS.ProcessEnv = {}): Promise<{ app: INestApplication; url: string }> {
  const app = await createApp(
    readEnvironment(notificationServiceEnvironment, {
      DATA_DIR: 'memory://',
      KAFKA_BROKERS: inject('brokers').join(','),
      LOG_LEVEL: 'silent',
      ...variables,
    }),
  );
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function startForOneTest(variables: NodeJS.ProcessEnv = {}): Promise<{ readonly url: string }> {
  const { app, url } = await start(variables);
  afterTest(() => app.close());
  return { url };
}

function newOrder(): OrderCreated {
  return { id: randomUUID(), customerId: 'customer-1', amount: 5, createdAt: new Date().toISOString() };
}

function publish(order: OrderCreated, headers: Record<string, string> = {}): Promise<void> {
  return sendPlain(ORDER_EVENTS, { key: order.id, value: JSON.stringify(order), headers });
}

async function notificationOf(url: string, order: OrderCreated): Promise<Record<string, unknown>> {
  let row: Record<string, unknown> = {};
  await until(`${order.id} is notified`, async () => {
    const response = await fetch(`${url}/notifications/${order.id}`);
    row = (await response.json()) as Record<string, unknown>;
    return response.status === 200 && row['sentAt'] !== null;
  });
  return row;
}

/** The mails about an order: other tests of this run publish orders too. */
function mailsOf(app: INestApplication): (order: OrderCreated) => readonly Mail[] {
  const send = vi.spyOn(app.get(Mailer), 'send');
  return (order) => mailsAbout(order, send.mock.calls);
}

function mailsAbout(order: OrderCreated, calls: readonly (readonly [Mail])[]): readonly Mail[] {
  return calls.map(([mail]) => mail).filter(({ subject }) => subject.includes(order.id));
}

/** Takes every mail and keeps what it was told. */
async function mailServer(): Promise<{ readonly url: string; received(): string }> {
  let received = '';
  const server = createServer((socket) => {
    socket.write('220 test\r\n');
    socket.on('data', (data) => {
      received += data.toString();
      answer(socket, data.toString());
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}?ignoreTLS=true`, received: () => received };
}

function answer(socket: Socket, data: string): void {
  if (data.startsWith('DATA')) socket.write('354 go on\r\n');
  else if (data.startsWith('QUIT')) socket.end('221 bye\r\n');
  else if (/^(EHLO|MAIL|RCPT)/.test(data) || data.endsWith('\r\n.\r\n')) socket.write('250 fine\r\n');
}
