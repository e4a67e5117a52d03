import { Kafka, type KafkaConfig, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedKafka } from '../../lib/testing/index.js';
import { traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { exceptionsOf, expectFailed, expectUnset } from '../support/expectations.js';
import { clientConfig, connected, freshName } from '../support/kafka.js';
import { refusalOf } from '../support/refusal.js';
import { sendOne } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

describe('when the broker is killed', () => {
  const spans = useTracing();
  let broker: EmbeddedKafka;

  beforeAll(async () => {
    broker = await EmbeddedKafka.start();
  });
  afterAll(() => broker.stop());

  it('a send under way rejects as without tracing, its span says why, and later sends work', async () => {
    const topic = freshName('orders');
    await broker.createTopics(topic);
    const config: KafkaConfig = {
      ...clientConfig('killed'),
      brokers: [...broker.brokers],
      retry: { initialRetryTime: 50, maxRetryTime: 100, retries: 2 },
    };
    const producers: readonly Producer[] = [
      await connected(traceKafka(new Kafka(config)).producer()),
      await connected(new Kafka(config).producer()),
    ];
    for (const producer of producers) {
      await sendOne(producer, topic);
    }
    await spans.one(`send ${topic}`);

    const sends = producers.map((producer) => refusalOf(() => sendInFlight(producer, topic)));
    await broker.kill();
    const [traced, plain] = await Promise.all(sends);

    expect(plain).toMatchObject({ name: expect.stringMatching(/^KafkaJS/), message: expect.any(String) });
    expect(traced).toEqual(plain);
    await until('no span is open', () => spans.open.length === 0);
    const failed = spans.named(`send ${topic}`).at(-1);
    expectFailed(failed as never, 'KafkaJSConnectionError', traced?.message as string);
    expect(exceptionsOf(failed as never)).toEqual([traced?.message]);

    await broker.restart();
    for (const producer of producers) {
      await until(
        'the producer is connected again',
        async () => (await refusalOf(() => producer.connect())) === undefined,
      );
      await until(
        'a send works again',
        async () => (await refusalOf(() => sendOne(producer, topic))) === undefined,
      );
    }
    expectUnset(spans.named(`send ${topic}`).at(-1) as never);
  });
});

/** Sends until it fails: the broker dies under one of them. */
async function sendInFlight(producer: Producer, topic: string): Promise<void> {
  for (;;) {
    await sendOne(producer, topic);
  }
}
