import { EventEmitter, once } from 'node:events';
import { ClientKafka, type KafkaContext } from '@nestjs/microservices';
import { Kafka, type KafkaConfig } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedKafka } from '../../lib/testing/index.js';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import { fetchCommitted } from '../support/committed-offsets.js';
import { emit, handlerOf } from '../support/events.js';
import { exceptionsOf, expectFailed, expectUnset } from '../support/expectations.js';
import { clientConfig, freshName } from '../support/kafka.js';
import { startMicroservice } from '../support/nest-app.js';
import { type Refusal, refusalOf } from '../support/refusal.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

/** What an application and its client see of a broker that is killed and restarted under them. */
interface Seen {
  readonly refusal: Refusal | undefined;
  /** Of what was acknowledged, what was never handled. */
  readonly lost: readonly string[];
  readonly isInOrder: boolean;
  /** How often the message was handed over in whose handling the broker died. */
  readonly deliveriesOfFirst: number;
  /** What was handed over more than once besides. */
  readonly redelivered: readonly string[];
  /** How many messages of the topic do not count as handled in the end. */
  readonly uncommitted: number;
}

describe('messages are delivered and handled exactly as without the module', () => {
  const spans = useTracing();
  let broker: EmbeddedKafka;

  beforeAll(async () => {
    broker = await EmbeddedKafka.start();
  });
  afterAll(() => broker.stop());

  it(
    'with the broker killed and restarted in the middle of produce and of consume',
    { timeout: 120_000 },
    async () => {
      const without = await seenOfKill(false);
      expect(without.seen).toMatchObject({
        refusal: { name: expect.stringMatching(/^KafkaJS/) },
        lost: [],
        isInOrder: true,
        redelivered: [],
        uncommitted: 0,
      });
      expect(spans.finished).toEqual([]);

      const { seen, topic } = await seenOfKill({});

      expect(seen).toEqual(without.seen);
      const sends = spans.named(`send ${topic}`);
      const failed = sends.find(({ attributes }) => 'error.type' in attributes) as RecordedSpan;
      expectFailed(failed, 'KafkaJSConnectionError', seen.refusal?.message as string);
      expect(exceptionsOf(failed)).toEqual([seen.refusal?.message]);
      expectUnset(sends.at(-1) as RecordedSpan);
    },
  );

  async function seenOfKill(
    tracing: object | false,
  ): Promise<{ readonly seen: Seen; readonly topic: string }> {
    const topic = freshName('orders');
    await broker.createTopics(topic);
    const config: KafkaConfig = {
      ...clientConfig('killed'),
      brokers: [...broker.brokers],
      retry: { initialRetryTime: 50, maxRetryTime: 100, retries: 2 },
    };
    const [handled, acknowledged]: [string[], string[]] = [[], []];
    const isBack = signal();
    const groupId = freshName('killed');
    const app = await startMicroservice({
      tracing,
      controllers: [
        handlerOf(topic, async (_data: unknown, kafka: KafkaContext) => {
          handled.push(String(kafka.getMessage().value));
          await isBack.given;
        }),
      ],
      server: {
        client: config,
        consumer: { groupId, maxWaitTimeInMs: 50, retry: RETRY },
      },
    });
    afterTest(isBack.give);
    const client = new ClientKafka({ client: config, producerOnlyMode: true });
    afterTest(() => client.close());
    await client.connect();

    const sending = refusalOf(async () => {
      for (let number = 0; ; number += 1) {
        await emit(client, topic, `m${number}`);
        acknowledged.push(`m${number}`);
      }
    });
    await until('both are under way', () => handled.length > 0 && acknowledged.length >= 5);
    await broker.kill();
    const refusal = await sending;
    await broker.restart();
    isBack.give();

    await until('a send works again', () => succeeds(() => emit(client, topic, 'last')));
    await until('the last one is handled', () => handled.includes('last'));
    await app.close();
    const first = [...new Set(handled)];
    const deliveriesOf = (message: string): number => handled.filter((one) => one === message).length;
    return {
      topic,
      seen: {
        refusal,
        lost: acknowledged.filter((message) => !first.includes(message)),
        isInOrder: first.filter((message) => acknowledged.includes(message)).join() === acknowledged.join(),
        deliveriesOfFirst: deliveriesOf('m0'),
        redelivered: first.filter((message) => message !== 'm0' && deliveriesOf(message) > 1),
        uncommitted: await uncommittedOf(config, `${groupId}-server`, topic),
      },
    };
  }
});

const RETRY = { initialRetryTime: 50, maxRetryTime: 200, retries: 5 };

async function succeeds(work: () => Promise<void>): Promise<boolean> {
  return (await refusalOf(work)) === undefined;
}

/** How many messages of a topic with one partition a group has not committed. */
async function uncommittedOf(config: KafkaConfig, groupId: string, topic: string): Promise<number> {
  const admin = new Kafka(config).admin();
  await admin.connect();
  try {
    const { topic: committed } = await fetchCommitted(admin, groupId, { topic });
    const [end] = await admin.fetchTopicOffsets(topic);
    return Number(end?.offset) - Number(committed?.[0]);
  } finally {
    await admin.disconnect();
  }
}

/** Something that is waited for, until somebody gives it. */
function signal(): { readonly given: Promise<unknown>; readonly give: () => void } {
  const happened = new EventEmitter();
  const given = once(happened, 'given');
  return { given, give: () => void happened.emit('given') };
}
