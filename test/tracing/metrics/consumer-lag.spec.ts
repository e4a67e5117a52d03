import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import { KafkaMetrics } from '../../../lib/tracing/kafka-metrics.js';
import type { ConsumerLag } from '../../../lib/tracing/metrics/consumer-lag.js';
import { useMetrics } from '../../support/metrics.js';
import { until } from '../../support/until.js';

const LAG = 'nestjs.kafka.consumer.lag';
const ONE = { consumer: 'one' };
const OTHER = { consumer: 'other' };

const recorded = useMetrics();
let lag: ConsumerLag;
beforeEach(() => {
  ({ lag } = new KafkaMetrics());
});

/** As `topic/partition/group: lag`. */
async function collected(): Promise<readonly string[]> {
  return (await recorded.points(LAG)).map(({ attributes, value }) => {
    const topic = attributes['messaging.destination.name'] ?? attributes['messaging.destination.template'];
    const partition = attributes['messaging.destination.partition.id'];
    return `${String(topic)}/${String(partition)}/${String(attributes['messaging.consumer.group.name'])}: ${value}`;
  });
}

describe('ConsumerLag', () => {
  it('is reported for each topic, partition and group, with these attributes alone', async () => {
    lag.set(ONE, 'orders', 0, 'group', 3);
    lag.set(ONE, 'orders', 1, 'group', 0);
    lag.set(ONE, 'payments', 0, 'group', 5);
    lag.set(OTHER, 'orders', 0, 'other-group', 7);
    expect(await collected()).toEqual([
      'orders/0/group: 3',
      'orders/1/group: 0',
      'payments/0/group: 5',
      'orders/0/other-group: 7',
    ]);
    expect((await recorded.points(LAG))[0]?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'group',
    });
  });

  it('is what was said last, each time that it is asked for', async () => {
    lag.set(ONE, 'orders', 0, 'group', 3);
    await recorded.one(LAG, 3);
    lag.set(ONE, 'orders', 0, 'group', 4);
    await recorded.one(LAG, 4);
    await recorded.one(LAG, 4);
  });

  it('has a template in the place of the topics that it stands for, and their sum', async () => {
    lag.set(ONE, 'replies-1', 0, 'group', 3, 'replies-{instance}');
    lag.set(ONE, 'replies-2', 0, 'group', 4, 'replies-{instance}');
    lag.set(ONE, 'replies-2', 1, 'group', 5, 'replies-{instance}');
    lag.set(ONE, 'replies-{instance}', 0, 'group', 1);
    expect(await collected()).toEqual([
      'replies-{instance}/0/group: 7',
      'replies-{instance}/1/group: 5',
      'replies-{instance}/0/group: 1',
    ]);
    const [templated] = await recorded.points(LAG);
    expect(templated?.attributes).not.toHaveProperty('messaging.destination.name');
    await recorded.points(LAG);
    expect((await collected())[0]).toBe('replies-{instance}/0/group: 7');
  });

  it('is gone with the consumer that reported it, and with that one alone', async () => {
    lag.set(ONE, 'orders', 0, 'group', 3);
    lag.set(ONE, 'orders', 1, 'group', 3);
    lag.set(OTHER, 'orders', 2, 'group', 4);
    lag.drop(ONE);
    expect(await collected()).toEqual(['orders/2/group: 4']);
    lag.drop(ONE);
    lag.drop({ consumer: 'unknown' });
    expect(await collected()).toEqual(['orders/2/group: 4']);
    lag.set(ONE, 'orders', 0, 'group', 1);
    expect(await collected()).toEqual(['orders/2/group: 4', 'orders/0/group: 1']);
  });

  it('belongs to whoever reported the partition last, when it goes from one consumer to another', async () => {
    lag.set(ONE, 'orders', 0, 'group', 3);
    lag.set(OTHER, 'orders', 0, 'group', 8);
    lag.drop(ONE);
    await recorded.one(LAG, 8);
  });

  it('is 0 once more for a partition that another process reads now, and then gone', async () => {
    const lost = { topic: 'orders', partition: 0, group: 'group' };
    lag.set(ONE, 'orders', 0, 'group', 3);
    lag.set(ONE, 'orders', 1, 'group', 4);
    lag.drop(ONE);
    lag.lose(lost);
    lag.lose({ ...lost, partition: 1 });
    lag.set(OTHER, 'orders', 1, 'group', 5);
    expect(await collected()).toEqual(['orders/1/group: 5', 'orders/0/group: 0']);
    expect(await collected()).toEqual(['orders/1/group: 5']);
  });

  it('is never below 0, and no number is no lag', async () => {
    lag.set(ONE, 'orders', 0, 'group', -1);
    lag.set(ONE, 'orders', 1, 'group', Number.NaN);
    expect(await collected()).toEqual(['orders/0/group: 0']);
  });

  it('leaves out a group that is not known', async () => {
    lag.set(ONE, 'orders', 0, undefined, 1);
    expect((await recorded.points(LAG))[0]?.attributes).not.toHaveProperty('messaging.consumer.group.name');
  });

  it('goes on with another meter provider, and is not told to the former one', async () => {
    lag.set(ONE, 'orders', 0, 'group', 3);
    expect(await collected()).toEqual(['orders/0/group: 3']);
    recorded.register();
    lag.set(ONE, 'orders', 1, 'group', 4);
    expect(await collected()).toEqual(['orders/0/group: 3', 'orders/1/group: 4']);
  });

  it('does not keep a consumer alive, and goes when it is collected', async () => {
    setFlagsFromString('--expose_gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const consumer = reportByAbandonedConsumer();
    expect(await collected()).toEqual(['orders/0/group: 3']);
    await until('the lag of an abandoned consumer is gone', async () => {
      collectGarbage();
      return (await collected()).length === 0;
    });
    expect(consumer.deref()).toBeUndefined();
  });
});

describe('ConsumerLag, where the SDK goes on with what was observed last', () => {
  const keeping = useMetrics({ keepsGauges: true });

  it('does not stay as it was for a partition that another process reads now', async () => {
    lag.set(ONE, 'orders', 0, 'group', 300);
    await keeping.one(LAG, 300);
    lag.drop(ONE);
    await keeping.one(LAG, 300);
    lag.lose({ topic: 'orders', partition: 0, group: 'group' });
    await keeping.one(LAG, 0);
    await keeping.one(LAG, 0);
  });
});

function reportByAbandonedConsumer(): WeakRef<object> {
  const consumer = {};
  lag.set(consumer, 'orders', 0, 'group', 3);
  return new WeakRef(consumer);
}
