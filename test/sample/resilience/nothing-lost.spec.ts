import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../../support/postgres.js';
import { useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';
import { SystemUnderTest } from './support/system.js';

const RECOVERY_MS = 90_000;
const TIMEOUT_MS = 180_000;

let kafka: EmbeddedKafka;
let postgres: PostgresServer;

beforeAll(async () => {
  [kafka, postgres] = await Promise.all([EmbeddedKafka.start(), PostgresServer.start()]);
  return () => Promise.all([kafka.stop(), postgres.stop()]);
});

describe('no order is lost or half done', () => {
  useTracing();

  it(
    'when the broker is killed while 500 orders are placed, and comes back',
    async () => {
      const system = await SystemUnderTest.start(kafka, postgres);
      const [url] = await Promise.all([
        system.orderService().listening(),
        system.notificationService().listening(),
      ]);

      const early = await system.placeOrders(url, 100);
      const [during] = await Promise.all([system.placeOrders(url, 300), kafka.kill()]);
      const late = await system.placeOrders(url, 100);
      await kafka.restart();

      const accepted = [...early, ...during, ...late];
      expect(accepted).toHaveLength(500);
      await expectAllDone(system, accepted);
    },
    TIMEOUT_MS,
  );

  it(
    'when notification-service is killed in the middle of handling, and starts again',
    async () => {
      const system = await SystemUnderTest.start(kafka, postgres);
      const first = system.notificationService();
      const [url] = await Promise.all([system.orderService().listening(), first.listening()]);
      const early = await system.placeOrders(url, 20);
      await system.untilNotified(early, RECOVERY_MS);
      expect(await system.missingOfTraces(early)).toEqual([]); // What is not exported yet is killed, too.

      system.mails.hold();
      const late = await system.placeOrders(url, 30);
      await until('a mail is half sent', () => system.mails.waiting() > 0);
      await first.stop('SIGKILL');
      system.mails.release();
      await system.notificationService().listening();

      await expectAllDone(system, [...early, ...late]);
    },
    TIMEOUT_MS,
  );

  it(
    'when order-service is killed while it takes orders, and starts again',
    async () => {
      const system = await SystemUnderTest.start(kafka, postgres);
      const first = system.orderService();
      const [url] = await Promise.all([first.listening(), system.notificationService().listening()]);

      const placing = system.placeOrders(url, 500);
      await until('some are notified', async () => (await system.notified()).length > 20);
      await first.stop('SIGKILL');
      const accepted = await placing;
      await system.orderService().listening();

      expect(accepted.length).toBeGreaterThan(20);
      await system.untilNotified(accepted, RECOVERY_MS);
      expect(system.withoutMail(accepted)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'when the replica of order-service that relays is killed, and another one stands by',
    async () => {
      const system = await SystemUnderTest.start(kafka, postgres);
      const replicas = [system.orderService(), system.orderService()] as const;
      const urls = await Promise.all(replicas.map((replica) => replica.listening()));
      await system.notificationService().listening();

      const early = await system.placeOrders(urls[0]!, 20);
      await replicas[0].stop('SIGKILL');
      const late = await system.placeOrders(urls[1]!, 20);

      await system.untilNotified([...early, ...late], RECOVERY_MS);
      expect(system.withoutMail([...early, ...late])).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'when notification-service is stopped under load: what it finished is in the traces, what it did not comes later',
    async () => {
      const system = await SystemUnderTest.start(kafka, postgres);
      const first = system.notificationService();
      const [url] = await Promise.all([system.orderService().listening(), first.listening()]);

      const placing = system.placeOrders(url, 300);
      await until('some are notified', async () => (await system.notified()).length > 20);
      const { exit, ms } = await first.stop('SIGTERM');

      expect(exit).toBe(0);
      expect(ms).toBeLessThan(10_000);
      expect(await system.missingOfTraces(await system.notified())).toEqual([]);
      await system.notificationService().listening();
      await expectAllDone(system, await placing);
    },
    TIMEOUT_MS,
  );

  it(
    'when order-service is stopped under load: what it accepted it has published, or publishes after the next start',
    async () => {
      const system = await SystemUnderTest.start(kafka, postgres);
      const first = system.orderService();
      const [url] = await Promise.all([first.listening(), system.notificationService().listening()]);

      const placing = system.placeOrders(url, 500);
      await until('some are notified', async () => (await system.notified()).length > 20);
      const { exit, ms } = await first.stop('SIGTERM');

      expect(exit).toBe(0);
      expect(ms).toBeLessThan(10_000);
      await system.orderService().listening();
      const accepted = await placing;
      expect(accepted.length).toBeLessThan(500);
      await expectAllDone(system, accepted);
    },
    TIMEOUT_MS,
  );
});

async function expectAllDone(system: SystemUnderTest, accepted: readonly string[]): Promise<void> {
  await system.untilNotified(accepted, RECOVERY_MS);
  // The primary key is the order's id: more than one row cannot be. None is of an order that nobody placed.
  const rows = await system.notified();
  expect(new Set(rows).size).toBe(rows.length);
  expect(system.withoutMail(accepted)).toEqual([]);
  expect(await system.missingOfTraces(accepted)).toEqual([]);
}
