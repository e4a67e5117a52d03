import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../../support/postgres.js';
import { type LogLine, SampleService } from '../../support/sample-service.js';
import { useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

const HEX_32 = /^[\da-f]{32}$/;
const HEX_16 = /^[\da-f]{16}$/;

/** To start a service takes long on a busy machine. */
const TIMEOUT_MS = 90_000;

let broker: EmbeddedKafka;
let postgres: PostgresServer;

beforeAll(async () => {
  [broker, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([broker.stop(), postgres.stop()]);
});

describe('the log of the services', { timeout: TIMEOUT_MS }, () => {
  useTracing();

  it('has the ids of the trace in each line of a request and of a delivery', async () => {
    const orders = await start('order-service');
    const notifications = await start('notification-service');
    const [url] = await Promise.all([orders.listening(), notifications.listening()]);

    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
      body: JSON.stringify({ customerId: 'customer-1', amount: 5 }),
    });

    expect(response.status).toBe(201);
    const request = await lineOf(orders, ({ req }) => (req as { url?: string })?.url === '/orders');
    const mail = await lineOf(notifications, ({ context }) => context === 'Mailer');
    expect(request).toMatchObject({
      level: 'info',
      service: 'order-service',
      trace_id: expect.stringMatching(HEX_32),
      span_id: expect.stringMatching(HEX_16),
      req: { method: 'POST', url: '/orders' },
      res: { statusCode: 201 },
    });
    expect(JSON.stringify(request)).not.toContain('secret');
    expect(mail).toMatchObject({ service: 'notification-service', trace_id: request['trace_id'] });
    expect(mail['span_id']).not.toBe(request['span_id']);
  });

  it('has nothing of health checks, and the level of a refusal is not that of an error', async () => {
    const orders = await start('order-service');
    const url = await orders.listening();

    await fetch(`${url}/health/live`);
    await fetch(`${url}/health/ready`);
    await fetch(`${url}/nothing`);

    const refused = await lineOf(orders, ({ req }) => (req as { url?: string })?.url === '/nothing');
    expect(refused['level']).toBe('info');
    expect(JSON.stringify(orders.log)).not.toContain('/health/');
  });

  it('is of JSON from the first line, also where the environment is wrong', async () => {
    const orders = SampleService.start('order-service', { KAFKA_BROKERS: 'nonsense', LOG_LEVEL: 'loud' });

    expect(await orders.ended).toBe(1);
    expect(orders.log).toHaveLength(1);
    expect(orders.log[0]).toMatchObject({
      level: 'error',
      service: 'order-service',
      msg: expect.stringMatching(/KAFKA_BROKERS: .*LOG_LEVEL: expected trace, debug/),
    });
  });
});

async function start(name: string): Promise<SampleService> {
  const DATABASE_URL = await postgres.createDatabase();
  return SampleService.start(name, { KAFKA_BROKERS: broker.brokers.join(','), DATABASE_URL });
}

async function lineOf(service: SampleService, matches: (line: LogLine) => boolean): Promise<LogLine> {
  await until('the line is logged', () => service.log.some(matches));
  return service.log.find(matches)!;
}
