import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { delimiter, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { EmbeddedKafka, EmbeddedKafkaError, type EmbeddedKafkaOptions } from '../../lib/testing/index.js';
import {
  dataFolders,
  javasNaming,
  processesNaming,
  script,
  temporaryFolder,
} from './processes-and-folders.js';
import { until } from '../support/until.js';

let tmp: string;
let mavenCalls: string;

beforeEach(() => {
  tmp = temporaryFolder();
  // The jars are there since the global setup: without a network no start may need Maven again.
  const folder = temporaryFolder();
  mavenCalls = join(folder, 'calls');
  script(folder, 'mvn', `echo called >> ${mavenCalls}; exit 1`);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  vi.stubEnv('TMPDIR', tmp);
  vi.stubEnv('KAFKA_BROKERS', undefined);
});
// Several JVMs start one after the other, perhaps on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

afterEach(() => {
  if (existsSync(mavenCalls)) throw new Error('Maven was called, although the jars are there.');
  vi.unstubAllEnvs();
});

async function start(options?: EmbeddedKafkaOptions): Promise<EmbeddedKafka> {
  const kafka = await EmbeddedKafka.start(options);
  onTestFinished(() => kafka.stop());
  return kafka;
}

function clientOf({ brokers }: { readonly brokers: readonly string[] }): Kafka {
  return new Kafka({ clientId: 'spec', brokers: [...brokers], logLevel: logLevel.NOTHING });
}

async function send(kafka: EmbeddedKafka, topic: string, value: string): Promise<void> {
  const producer = clientOf(kafka).producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
}

async function receive(kafka: EmbeddedKafka, topic: string, count: number): Promise<string[]> {
  const consumer = clientOf(kafka).consumer({ groupId: `spec-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
  await until(`${count} messages arrived on ${topic}`, () => values.length >= count, 20_000);
  await consumer.disconnect();
  return values;
}

async function clusterId(kafka: EmbeddedKafka): Promise<string> {
  const admin = clientOf(kafka).admin();
  await admin.connect();
  const cluster = await admin.describeCluster();
  await admin.disconnect();
  return cluster.clusterId;
}

function portOf({ brokers }: EmbeddedKafka): number {
  return Number(brokers[0]!.split(':')[1]);
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return server;
}

describe('a broker', () => {
  it('carries messages, keeps them and its port through a kill and a restart, and leaves nothing', async () => {
    const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const kafka = await start();
    const { brokers } = kafka;

    await kafka.createTopics('orders', { topic: 'payments', numPartitions: 3 });
    await kafka.createTopics('orders', 'refunds');
    await send(kafka, 'orders', 'first');
    expect(await receive(kafka, 'orders', 1)).toEqual(['first']);

    const [java] = javasNaming(tmp);
    await kafka.kill();
    expect(processesNaming(tmp).map(({ pid }) => pid)).not.toContain(java!.pid);
    expect(dataFolders(tmp)).toHaveLength(1);

    await kafka.restart();
    expect(kafka.brokers).toEqual(brokers);
    await send(kafka, 'orders', 'second');
    expect(await receive(kafka, 'orders', 2)).toEqual(['first', 'second']);

    await Promise.all([kafka.stop(), kafka.stop()]);
    await kafka.stop();
    expect(processesNaming(tmp)).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners);
    await expect(kafka.restart()).rejects.toThrow(
      'This EmbeddedKafka was stopped. Start another EmbeddedKafka.',
    );
    await expect(kafka.kill()).rejects.toMatchObject({ code: 'EMBEDDED_KAFKA_STOPPED' });
  });

  it('runs beside others, and is ended by this process when its keeper is killed', async () => {
    const [one, other] = await Promise.all([start(), start({ properties: { 'num.partitions': 4 } })]);
    expect(one.brokers).not.toEqual(other.brokers);
    expect(await clusterId(one)).not.toBe(await clusterId(other));
    await expect(start({ port: portOf(one) })).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_PORT_TAKEN',
      message: expect.stringContaining('Leave `port` out to get a free one'),
    });

    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const [folder] = dataFolders(tmp);
    const keeper = JSON.parse(readFileSync(join(tmp, folder!, 'keeper.json'), 'utf8')) as { pid: number };
    process.kill(keeper.pid, 'SIGKILL');
    expect((await warned).message).toContain('was ended from outside');
    expect(javasNaming(folder!)).toEqual([]);
    expect(dataFolders(tmp)).toHaveLength(1);

    const kills = await Promise.allSettled([one.kill(), other.kill()]);
    expect(kills.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(kills.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'EMBEDDED_KAFKA_KEEPER_DIED' },
    });
    await Promise.all([one.stop(), other.stop()]);
  });

  it('takes another port when somebody was faster', async () => {
    const starting = start();
    // The ports are chosen and written down before the JVM binds them: time enough to take one.
    await until('the ports are chosen', () => properties().length > 0);
    const taken = Number(/PLAINTEXT:\/\/127\.0\.0\.1:(\d+)/.exec(properties())![1]);
    await listenOn(taken);
    const kafka = await starting;
    expect(portOf(kafka)).not.toBe(taken);
    expect(dataFolders(tmp)).toHaveLength(1);

    function properties(): string {
      try {
        return readFileSync(join(tmp, dataFolders(tmp)[0] ?? '', 'server.properties'), 'utf8');
      } catch {
        return '';
      }
    }
  });

  it('is killed when it does not stop in time', async () => {
    const home = temporaryFolder();
    const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/java') : 'java';
    mkdirSync(join(home, 'bin'));
    // A JVM whose SIGTERM is ignored when it starts goes on ignoring it.
    script(join(home, 'bin'), 'java', `trap '' TERM\nexec ${java} "$@"`);
    vi.stubEnv('JAVA_HOME', home);
    const kafka = await start({ stopTimeoutMs: 300 });
    expect(javasNaming(tmp)).toHaveLength(1);
    await kafka.stop();
    expect(processesNaming(tmp)).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('that cannot start says what Kafka said, and leaves nothing', async () => {
    const failed = await start({ properties: { 'process.roles': 'nonsense' } }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(EmbeddedKafkaError);
    expect(failed).toMatchObject({
      name: 'EmbeddedKafkaError',
      code: 'EMBEDDED_KAFKA_START_FAILED',
      message: expect.stringMatching(/nonsense[^]*Check the `properties` that you gave/),
    });
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('that does not answer in time is given up, and leaves nothing', async () => {
    await expect(start({ startTimeoutMs: 1 })).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_START_FAILED',
      message: expect.stringContaining('no answer for 1 ms'),
    });
    expect(processesNaming(tmp)).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
  });
});

describe('before a start', () => {
  it('says that Windows is not supported', async () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_PLATFORM_UNSUPPORTED',
      message: expect.stringMatching(/runs on Linux and macOS, and this is win32\..*KAFKA_BROKERS/),
    });
  });

  it.each([0, 65_536, 1.5, Number.NaN])('refuses port %s', async (port) => {
    await expect(start({ port })).rejects.toThrow(
      `Expected \`port\` to be an integer from 1 to 65535, got \`${port}\` (number).`,
    );
  });
});

describe('where KAFKA_BROKERS is set', () => {
  it('uses that broker, starts none and stops none', async () => {
    const brokers = inject('brokers');
    vi.stubEnv('KAFKA_BROKERS', ` ${brokers.join(' , ')},`);
    vi.stubEnv('PATH', tmp); // neither Java nor Maven is asked for
    vi.stubEnv('JAVA_HOME', undefined);
    const kafka = await EmbeddedKafka.startOrUse();
    expect(kafka.brokers).toEqual(brokers);
    await kafka.createTopics('embedded-kafka-spec');
    await kafka.stop();
    await kafka.createTopics('embedded-kafka-spec');
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('says so when nothing answers there', async () => {
    vi.stubEnv('KAFKA_BROKERS', '127.0.0.1:1');
    await expect(EmbeddedKafka.startOrUse({ startTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_BROKERS_UNREACHABLE',
      message: expect.stringContaining('KAFKA_BROKERS is `127.0.0.1:1`, and nothing answered there'),
    });
  });
});
