import { Controller } from '@nestjs/common';
import { EventPattern, KafkaRetriableException, MessagePattern, Payload } from '@nestjs/microservices';
import type { Relation } from 'nestjs-kafka-tracing';
import type { RecordedSpan } from 'nestjs-kafka-tracing/testing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectFailed, expectUnset } from '../support/expectations.js';
import { freshTopic, sendPlain } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const attemptOf = (span: RecordedSpan): unknown => span.attributes['nestjs.kafka.delivery_attempt'];

/** Handles a topic's events, and fails with so many of the first deliveries of each value. */
function failing(topic: string, times: number): new () => object {
  const deliveries = new Map<string, number>();
  @Controller()
  class Orders {
    @EventPattern<string>(topic)
    handle(@Payload() value: string): void {
      const count = (deliveries.get(value) ?? 0) + 1;
      deliveries.set(value, count);
      if (count <= times) {
        throw new TypeError(`failed ${count}`);
      }
    }
  }
  return Orders;
}

describe('a message that is delivered again', () => {
  const spans = useTracing();

  it.each<[relation: Relation, isChild: boolean, isLinked: boolean]>([
    ['both', true, true],
    ['parent', true, false],
    ['link', false, true],
  ])('has a new process span, in the same relation to the same context: %s', async (...expected) => {
    const [relation, isChild, isLinked] = expected;
    const topic = await freshTopic();
    await startMicroservice({ tracing: { relation }, controllers: [failing(topic, 2)] });

    await sendPlain(topic, { value: 'v', headers: { traceparent: traceparent(1) } });

    const deliveries = await spans.all(`process ${topic}`, 3);
    expect(deliveries.map(attemptOf)).toEqual([undefined, 2, 3]);
    expect(deliveries.map(({ attributes }) => attributes['kafka.offset'])).toEqual([0, 0, 0]);
    const { spanId } = remoteSpan(1);
    for (const delivery of deliveries) {
      expect(delivery.links.map((link) => link.context.spanId)).toEqual(isLinked ? [spanId] : []);
      expect(delivery.parentSpanContext?.spanId).toBe(isChild ? spanId : undefined);
    }
    const traces = new Set(deliveries.map((delivery) => delivery.spanContext().traceId));
    expect(traces.size).toBe(isChild ? 1 : 3);
    expectFailed(deliveries[0]!, 'TypeError', 'failed 1');
    expectFailed(deliveries[1]!, 'TypeError', 'failed 2');
    expectUnset(deliveries[2]!);
  });

  it('is counted for itself: the next one is delivered for the first time', async () => {
    const topic = await freshTopic();
    await startMicroservice({ controllers: [failing(topic, 1)] });

    await sendPlain(topic, { value: 'a' });
    await sendPlain(topic, { value: 'b' });

    const deliveries = await spans.all(`process ${topic}`, 4);
    expect(deliveries.map((span) => [span.attributes['kafka.offset'], attemptOf(span)])).toEqual([
      [0, undefined],
      [0, 2],
      [1, undefined],
      [1, 2],
    ]);
  });

  it('is counted by partition', async () => {
    const topic = await freshTopic('orders', { partitions: 2 });
    await startMicroservice({ controllers: [failing(topic, 2)] });

    await sendPlain(topic, { value: 'a', partition: 0 });
    await sendPlain(topic, { value: 'b', partition: 1 });

    const deliveries = await spans.all(`process ${topic}`, 6);
    for (const partition of ['0', '1']) {
      const ofPartition = deliveries.filter(
        ({ attributes }) => attributes['messaging.destination.partition.id'] === partition,
      );
      expect(ofPartition.map(attemptOf)).toEqual([undefined, 2, 3]);
    }
  });

  it('was delivered before as often as its header says', async () => {
    const topic = await freshTopic();
    await startMicroservice({ controllers: [failing(topic, 1)] });

    await sendPlain(topic, { value: 'v', headers: { 'x-delivery-attempt': '2' } });

    const deliveries = await spans.all(`process ${topic}`, 2);
    expect(deliveries.map(attemptOf)).toEqual([3, 4]);
  });

  it('is handled all the same where its header is nonsense', async () => {
    const topic = await freshTopic();
    await startMicroservice({ controllers: [failing(topic, 1)] });

    await sendPlain(topic, { value: 'v', headers: { 'x-delivery-attempt': Buffer.from([0xff, 0x31]) } });

    const deliveries = await spans.all(`process ${topic}`, 2);
    expect(deliveries.map(attemptOf)).toEqual([undefined, 2]);
  });

  it('is counted where the header is not read', async () => {
    const topic = await freshTopic();
    await startMicroservice({ tracing: { propagate: false }, controllers: [failing(topic, 1)] });

    await sendPlain(topic, { value: 'v', headers: { 'x-delivery-attempt': '2' } });

    const deliveries = await spans.all(`process ${topic}`, 2);
    expect(deliveries.map(attemptOf)).toEqual([undefined, 2]);
  });

  it('may be a request that asks to be tried again', async () => {
    const topic = await freshTopic('request', { reply: true });
    let calls = 0;
    @Controller()
    class Orders {
      @MessagePattern<string>(topic)
      handle(): number {
        calls += 1;
        if (calls < 3) {
          throw new KafkaRetriableException('try again');
        }
        return calls;
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    expect(await firstValueFrom(client.send(topic, {}))).toBe('3');

    expect((await spans.all(`process ${topic}`, 3)).map(attemptOf)).toEqual([undefined, 2, 3]);
    expectUnset(await spans.one(`request ${topic}`));
  });
});
