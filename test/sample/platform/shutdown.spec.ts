import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Kafka } from 'kafkajs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { freeze } from '../../support/frozen-broker.js';
import { clientConfig } from '../../support/kafka.js';
import { PostgresServer } from '../../support/postgres.js';
import { SampleService, type SampleServiceOptions } from '../../support/sample-service.js';
import { afterTest, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

const GRACE_MS = 10_000;
/** To start a service takes long on a busy machine. */
const TIMEOUT_MS = 90_000;
const SERVICES = ['order-service', 'notification-service'] as const;

let postgres: PostgresServer;

beforeAll(async () => {
  if (spawnSync('unshare', ['--version']).status !== 0) {
    throw new Error('These tests need `unshare`: install it, on Debian with `apt-get install util-linux`.');
  }
  postgres = await PostgresServer.start();
  return () => postgres.stop();
});

describe.each(SERVICES)('%s, on SIGTERM', { timeout: TIMEOUT_MS }, (name) => {
  useTracing();

  const start = async (
    env: NodeJS.ProcessEnv = {},
    options: SampleServiceOptions = {},
  ): Promise<SampleService> => {
    const DATABASE_URL = await postgres.createDatabase();
    return SampleService.start(
      name,
      { KAFKA_BROKERS: inject('brokers').join(','), DATABASE_URL, ...env },
      options,
    );
  };

  it('exits with 0', async () => {
    const service = await start();
    await service.listening();

    await expectGoodEnd(service);
  });

  it('exits with 0 with the embedded database', async () => {
    const service = await start({ DATABASE_URL: '' });
    await service.listening();

    await expectGoodEnd(service);
  });

  it('exits with 0 as process 1 of a container', async () => {
    const service = await start({}, { isProcess1: true });
    await service.listening();

    await expectGoodEnd(service);
  });

  it('exits with 0 as process 1 while it still waits for Kafka', async () => {
    const service = await start({ KAFKA_BROKERS: '127.0.0.1:1' }, { isProcess1: true });
    await until('it waits', () => service.log.some(({ msg }) => String(msg).includes('not reachable yet')));

    await expectGoodEnd(service);
  });

  it('exits with 0 where the broker takes connections and answers nothing, and says so', async () => {
    const kafka = await EmbeddedKafka.start();
    afterTest(() => kafka.stop());
    const service = await start({ KAFKA_BROKERS: kafka.brokers.join(',') });
    await service.listening();
    await consumersHaveJoined(kafka);
    freeze(kafka);

    await expectGoodEnd(service);
    expect(service.log.map(({ msg }) => msg)).toContainEqual(
      expect.stringContaining('Not everything could be closed in time'),
    );
  });

  it('exits with 0 where no collector listens, and says what may be lost', async () => {
    const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    await fetch(`${await service.listening()}/nothing`);

    await expectGoodEnd(service);
    expect(service.log.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/lost|export/i));
  });

  it('exits with 0 where the collector never answers', async () => {
    const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: await silentCollector() });
    await fetch(`${await service.listening()}/nothing`);

    await expectGoodEnd(service);
  });
});

async function expectGoodEnd(service: SampleService): Promise<void> {
  const { exit, ms } = await service.stop('SIGTERM');
  expect({ exit, log: exit === 0 ? [] : service.log }).toEqual({ exit: 0, log: [] });
  expect(ms).toBeLessThan(GRACE_MS);
}

/** A consumer that waits between two tries to join its group has nothing to close. */
async function consumersHaveJoined({ brokers }: EmbeddedKafka): Promise<void> {
  const admin = new Kafka({ ...clientConfig('admin'), brokers: [...brokers] }).admin();
  await admin.connect();
  try {
    await until('the consumers are members of their groups', async () => {
      const { groups } = await admin.listGroups();
      const described = await admin.describeGroups(groups.map(({ groupId }) => groupId));
      return described.groups.length > 0 && described.groups.every(({ state }) => state === 'Stable');
    });
  } finally {
    await admin.disconnect();
  }
}

async function silentCollector(): Promise<string> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
