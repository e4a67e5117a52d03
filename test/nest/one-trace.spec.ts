import { Controller } from '@nestjs/common';
import { Ctx, KafkaContext, MessagePattern, Payload } from '@nestjs/microservices';
import { SpanKind, trace } from '@opentelemetry/api';
import { TracedEvent } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectChildOf, expectLinkedTo, expectUnset } from '../support/expectations.js';
import { freshTopic } from '../support/kafka.js';
import { clientOf, startHybrid, startMicroservice } from '../support/nest-app.js';
import { inSpan, useTracing } from '../support/tracing.js';

interface Order {
  readonly id: string;
}

describe('one trace', () => {
  const spans = useTracing();

  it('runs from the caller through an event to the business step', async () => {
    const topic = await freshTopic();
    @Controller()
    class Orders {
      @TracedEvent(topic, {
        span: 'process_order_event',
        attributes: (order: Order) => ({ 'order.id': order.id }),
      })
      handle(@Payload() _order: Order): void {}
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }));

    await inSpan('caller', () => firstValueFrom(client.emit(topic, { key: 'k-1', value: { id: '1' } })));

    const step = await spans.one('process_order_event');
    const process = await spans.one(`process ${topic}`);
    const send = await spans.one(`send ${topic}`);
    expectChildOf(send, await spans.one('caller'));
    expectChildOf(process, send);
    expectLinkedTo(process, send);
    expectChildOf(step, process);
    expect([send.kind, process.kind, step.kind]).toEqual([
      SpanKind.PRODUCER,
      SpanKind.CONSUMER,
      SpanKind.INTERNAL,
    ]);
    expect(step.attributes).toEqual({ 'order.id': '1' });
    [send, process, step].forEach(expectUnset);
  });

  it('runs through a request and its reply, in a hybrid application', async () => {
    const topic = await freshTopic('sum', { reply: true });
    @Controller()
    class Sums {
      @MessagePattern(topic)
      sum(@Payload() numbers: number[]): number {
        return numbers.reduce((sum, number) => sum + number, 0);
      }
    }
    const client = await clientOf(await startHybrid({ controllers: [Sums] }), topic);

    const sum = await inSpan('caller', () => firstValueFrom(client.send<string>(topic, [1, 2, 3])));

    expect(Number(sum)).toBe(6);
    const request = await spans.one(`request ${topic}`);
    const send = await spans.one(`send ${topic}`);
    const process = await spans.one(`process ${topic}`);
    const reply = await spans.one(`send ${topic}.reply`);
    const received = await spans.one(`process ${topic}.reply`);
    expectChildOf(request, await spans.one('caller'));
    expectChildOf(send, request);
    expectChildOf(process, send);
    expectChildOf(reply, process);
    expectChildOf(received, reply);
    const conversation = send.attributes['messaging.message.conversation_id'];
    expect(conversation).toEqual(expect.any(String));
    for (const span of [request, process, reply, received]) {
      expect(span.attributes['messaging.message.conversation_id']).toBe(conversation);
    }
  });

  it('runs through what a handler sends with the producer of its context', async () => {
    const topic = await freshTopic();
    const next = await freshTopic('next');
    @Controller()
    class Orders {
      @TracedEvent(topic)
      async handle(@Ctx() kafka: KafkaContext): Promise<void> {
        await kafka.getProducer().send({ topic: next, messages: [{ value: 'x' }] });
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }));

    await firstValueFrom(client.emit(topic, { id: '1' }));

    expectChildOf(await spans.one(`send ${next}`), await spans.one(`process ${topic}`));
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
