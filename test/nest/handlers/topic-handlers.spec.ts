import { Controller } from '@nestjs/common';
import { EventPattern, ServerKafka, Transport } from '@nestjs/microservices';
import { type Context, context, propagation, trace } from '@opentelemetry/api';
import { ConflictingHandlersError, TracedEvent, type TracedEventOptions } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { handlerOf } from '../../support/events.js';
import { expectRoot } from '../../support/expectations.js';
import { freshName, freshTopic, plainKafka, sendPlain } from '../../support/kafka.js';
import { kafkaOptions, startMicroservice } from '../../support/nest-app.js';
import { remoteSpan, traceparent } from '../../support/trace-context.js';
import { useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

function controllerOf(
  topic: string | RegExp,
  options: TracedEventOptions,
  name = 'Orders',
): new () => object {
  @Controller()
  class Orders {
    @TracedEvent(topic, options)
    handle(): void {}
  }
  Object.defineProperty(Orders, 'name', { value: name });
  return Orders;
}

describe('what a handler says of its process span', () => {
  const spans = useTracing();
  const headers = { traceparent: traceparent(1) };

  it('holds although the span starts before the handler is found', async () => {
    const topic = await freshTopic();
    await startMicroservice({ tracing: {}, controllers: [controllerOf(topic, { relation: 'link' })] });
    await sendPlain(topic, { value: '{}', headers });
    const process = await spans.one(`process ${topic}`);
    expectRoot(process);
    expect(process.links.map((link) => link.context.spanId)).toEqual([remoteSpan(1).spanId]);
  });

  it('holds where the second handler of the topic says it, and for a regular expression', async () => {
    const prefix = freshName('events');
    const topic = await freshTopic(prefix);
    const pattern = new RegExp(`^${prefix}-`);
    const controllers = [controllerOf(pattern, {}), controllerOf(pattern, { trust: 'ignore' })];
    await startMicroservice({ tracing: {}, controllers });
    await sendPlain(topic, { value: '{}', headers });
    const process = await spans.one(`process ${topic}`);
    expectRoot(process);
    expect(process.links).toEqual([]);
  });

  it.each([
    ['relation', 'link', 'both'],
    ['trust', 'restart', 'ignore'],
    ['trace', true, false],
  ])('is refused at start where two handlers disagree on %s', async (option, one, other) => {
    const controllers = [
      controllerOf('orders', { [option]: one }, 'Mail'),
      controllerOf('orders', { [option]: other }, 'Statistics'),
    ];
    const starting = startMicroservice({ controllers });
    await expect(starting).rejects.toThrow(ConflictingHandlersError);
    await expect(starting).rejects.toThrow(
      `topic orders disagree on \`${option}\` of its one process span: ` +
        `\`${one}\` on Mail.handle, \`${other}\` on Statistics.handle`,
    );
  });

  it('is refused where they disagree on a regular expression, on one topic of several, or within a class', async () => {
    @Controller()
    class Orders {
      @EventPattern<RegExp>(/^orders-/)
      @TracedEvent({ relation: 'link' })
      mail(): void {}

      @EventPattern<RegExp>(/^orders-/)
      @TracedEvent({ relation: 'parent' })
      count(): void {}
    }
    @Controller()
    class Mails {
      @TracedEvent({ trust: 'restart' })
      @EventPattern(['mails', 'orders'])
      send(): void {}

      @TracedEvent({ trust: 'continue' })
      @EventPattern<string>('orders')
      read(): void {}
    }
    await expect(startMicroservice({ controllers: [Orders] })).rejects.toThrow(
      /topic \/\^orders-\/ disagree.*`link` on Orders\.mail, `parent` on Orders\.count/,
    );
    await expect(startMicroservice({ controllers: [Mails] })).rejects.toThrow(
      /topic orders disagree.*`restart` on Mails\.send, `continue` on Mails\.read/,
    );
  });

  it('may be another where Kafka does not serve the handler: the two never share a delivery', async () => {
    const topic = await freshTopic();
    @Controller()
    class Orders {
      @EventPattern<string>(topic, Transport.RMQ)
      @TracedEvent({ relation: 'parent' })
      ofRabbit(): void {}

      @EventPattern<string>(topic, Transport.KAFKA)
      @TracedEvent({ relation: 'link' })
      ofKafka(): void {}
    }
    await startMicroservice({ controllers: [Orders] });
    await sendPlain(topic, { value: '{}', headers });
    const process = await spans.one(`process ${topic}`);
    expectRoot(process);
    expect(process.links.map((link) => link.context.spanId)).toEqual([remoteSpan(1).spanId]);
  });

  it('is refused where a handler for any transport disagrees with one for Kafka', async () => {
    @Controller()
    class Orders {
      @EventPattern<string>('orders', Transport.RMQ)
      @TracedEvent({ relation: 'parent' })
      ofRabbit(): void {}

      @EventPattern<string>('orders')
      @TracedEvent({ relation: 'both' })
      ofAny(): void {}

      @EventPattern<string>('orders', Transport.KAFKA)
      @TracedEvent({ relation: 'link' })
      ofKafka(): void {}
    }
    await expect(startMicroservice({ controllers: [Orders] })).rejects.toThrow(
      'its one process span: `both` on Orders.ofAny, `link` on Orders.ofKafka.',
    );
  });

  it('may be said by several who agree, and left to them by others', async () => {
    const topic = await freshTopic();
    const said = [{}, { relation: 'link' }, { relation: 'link', trust: 'continue' }] as const;
    await startMicroservice({ controllers: said.map((options) => controllerOf(topic, options)) });
    await sendPlain(topic, { value: '{}', headers });
    const process = await spans.one(`process ${topic}`);
    expectRoot(process);
    expect(process.links.map((link) => link.context.spanId)).toEqual([remoteSpan(1).spanId]);
  });

  it('is of its topic alone', async () => {
    const [topic, other] = [await freshTopic(), await freshTopic()];
    const controllers = [controllerOf(topic, { trust: 'restart' }), controllerOf(other, { trust: 'ignore' })];
    await startMicroservice({ controllers });
    await sendPlain(topic, { value: '{}', headers });
    await sendPlain(other, { value: '{}', headers });
    expect((await spans.one(`process ${topic}`)).links).toHaveLength(1);
    expect((await spans.one(`process ${other}`)).links).toHaveLength(0);
  });

  it('is refused at start where it is no value of the option', async () => {
    const starting = startMicroservice({ controllers: [controllerOf('orders', { trust: 'no' as never })] });
    await expect(starting).rejects.toThrow(/`@TracedEvent on Orders\.handle: trust` to be one of/);
  });
});

describe('what a handler says where the interceptor opens its process span', () => {
  const spans = useTracing();
  const headers = { traceparent: traceparent(1), baggage: 'admin=true' };

  /** Handles a message with a Kafka that nothing of ours has touched; returns what is active in the handler. */
  async function handle(options: TracedEventOptions): Promise<Handled> {
    const topic = await freshTopic();
    class OwnStrategy extends ServerKafka {
      override async listen(callback: (error?: unknown) => void): Promise<void> {
        Object.defineProperty(this, 'createClient', { value: () => plainKafka() });
        await super.listen(callback);
      }
    }
    let active: Context | undefined;
    const controllers = [handlerOf(topic, () => void (active = context.active()), options)];
    await startMicroservice({ controllers }, new OwnStrategy({ ...kafkaOptions('own'), run: {} }));
    await sendPlain(topic, { value: '{}', headers });
    await until('the event is handled', () => active !== undefined);
    return { topic, active: active as Context };
  }

  it.each<[options: TracedEventOptions, linked: readonly string[], baggage: string | undefined]>([
    [{ relation: 'link' }, [remoteSpan(1).spanId], 'true'],
    [{ trust: 'restart' }, [remoteSpan(1).spanId], undefined],
    [{ trust: 'ignore' }, [], undefined],
  ])('holds, too: %j', async (options, linked, baggage) => {
    const { topic, active } = await handle(options);
    const process = await spans.one(`process ${topic}`);
    expectRoot(process);
    expect(process.links.map((link) => link.context.spanId)).toEqual(linked);
    expect(propagation.getBaggage(active)?.getEntry('admin')?.value).toBe(baggage);
  });

  it('holds, too: the context goes on without a span with trace: false', async () => {
    const { active } = await handle({ trace: false });
    expect(trace.getSpanContext(active)).toMatchObject(remoteSpan(1));
    expect(spans.finished).toEqual([]);
  });
});

interface Handled {
  readonly topic: string;
  readonly active: Context;
}
