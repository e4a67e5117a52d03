import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, KafkaContext, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { diag } from '@opentelemetry/api';
import { TracedEvent } from 'nestjs-kafka-tracing';
import { describe, expect, it, vi } from 'vitest';
import { freshTopic, sendPlain } from '../../support/kafka.js';
import { startMicroservice } from '../../support/nest-app.js';
import { afterTest, useTracing } from '../../support/tracing.js';

interface Order {
  readonly id: string;
  readonly amount: number;
}

describe('@TracedEvent', () => {
  const spans = useTracing();

  it.each([
    [
      'above @EventPattern',
      (topic: string) => {
        @Controller()
        class Orders {
          @TracedEvent({ span: 'step' })
          @EventPattern<string>(topic)
          handle(): void {}
        }
        return Orders;
      },
    ],
    [
      'below @EventPattern',
      (topic: string) => {
        @Controller()
        class Orders {
          @EventPattern<string>(topic, Transport.KAFKA, { more: 'extras' })
          @TracedEvent({ span: 'step' })
          handle(): void {}
        }
        return Orders;
      },
    ],
    [
      'instead of @EventPattern',
      (topic: string) => {
        @Controller()
        class Orders {
          @TracedEvent(topic, { span: 'step' })
          handle(): void {}
        }
        return Orders;
      },
    ],
    [
      'on an inherited handler',
      (topic: string) => {
        class Base {
          @TracedEvent(topic, { span: 'step' })
          handle(): void {}
        }
        @Controller()
        class Orders extends Base {}
        return Orders;
      },
    ],
  ])('names the step %s', async (_where, controllerOf) => {
    const topic = await freshTopic();
    await startMicroservice({ controllers: [controllerOf(topic)] });
    await sendPlain(topic, { value: '{}' });
    await spans.one('step');
    await spans.one(`process ${topic}`);
  });

  it('gives attributes from the payload and the context, to the process span where there is no step', async () => {
    const topic = await freshTopic();
    @Controller()
    class Orders {
      @TracedEvent(topic, {
        attributes: (order, kafka) => ({ 'order.id': order.id, 'order.topic': kafka.getTopic() }),
      })
      handle(@Payload() _order: Order, @Ctx() _context: KafkaContext): void {}
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: JSON.stringify({ id: '7', amount: 1 }) });

    const process = await spans.one(`process ${topic}`);
    expect(process.attributes).toMatchObject({ 'order.id': '7', 'order.topic': topic });
  });

  it('handles the message all the same where the attributes throw, and reports it', async () => {
    const topic = await freshTopic();
    const error = vi.fn();
    diag.setLogger({ error, warn: vi.fn(), info: vi.fn(), debug: vi.fn(), verbose: vi.fn() });
    afterTest(() => diag.disable());
    let handled = 0;
    @Controller()
    class Orders {
      @TracedEvent(topic, {
        span: 'step',
        attributes: () => {
          throw new Error('no such field');
        },
      })
      handle(): void {
        handled += 1;
      }
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '1' });
    await sendPlain(topic, { value: '2' });

    await spans.all('step', 2);
    await spans.all(`process ${topic}`, 2);
    expect(handled).toBe(2);
    const ours = error.mock.calls.filter(([message]) =>
      String(message).includes('attributes of @TracedEvent'),
    );
    expect(ours).toHaveLength(1);
  });

  it('handles the message all the same where the attributes are a promise that rejects', async () => {
    const topic = await freshTopic();
    const rejections: unknown[] = [];
    const listener = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', listener);
    afterTest(() => process.off('unhandledRejection', listener));
    const attributes = (() => Promise.reject(new Error('too late'))) as never;
    @Controller()
    class Orders {
      @TracedEvent(topic, { span: 'step', attributes })
      handle(): void {}
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '1' });

    await spans.one('step');
    await spans.one(`process ${topic}`);
    expect(rejections).toEqual([]);
  });

  it.each([[null], [3], [['a', 'b']], [''], [() => 'topic']])('refuses %j in place of a topic', (topic) => {
    expect(() => TracedEvent(topic as never)).toThrow(/`topic of @TracedEvent` to be a topic or options/);
  });

  it.each<[options: unknown, refusal: RegExp]>([
    [null, /@TracedEvent on Orders\.handle: options` to be an object/],
    ['step', /@TracedEvent on Orders\.handle: options` to be an object/],
    [{ name: 'step' }, /@TracedEvent on Orders\.handle: name` to be absent.*`span`/],
    [{ span: ' ' }, /@TracedEvent on Orders\.handle: span` to be a span name/],
    [{ attributes: { a: 1 } }, /@TracedEvent on Orders\.handle: attributes` to be a function/],
  ])('refuses the options %j when the application starts', async (options, refusal) => {
    @Controller()
    class Orders {
      @TracedEvent('orders', options as never)
      handle(): void {}
    }
    await expect(startMicroservice({ controllers: [Orders] })).rejects.toThrow(refusal);
  });

  it('refuses to stand alone without a topic when the application starts', async () => {
    @Controller()
    class Orders {
      @TracedEvent({ span: 'step' })
      handle(): void {}
    }
    await expect(startMicroservice({ controllers: [Orders] })).rejects.toThrow(
      /`@TracedEvent on Orders\.handle` to have a topic.*@EventPattern/,
    );
  });

  it('sets metadata only', () => {
    const topicless = 'x';
    const handle = (): string => topicless;
    const descriptor = { value: handle, writable: true, configurable: true };
    expect(TracedEvent({ span: 'step' })({}, 'handle', descriptor)).toBeUndefined();
    expect(descriptor.value).toBe(handle);
  });

  // What matters here is that it compiles: `npm run typecheck`.
  it('goes with any handler signature under strict', () => {
    class Handlers {
      @TracedEvent('a')
      none(): void {}
      @TracedEvent('b', { attributes: (order: Order) => ({ 'order.id': order.id }) })
      payload(_order: Order): Promise<void> {
        return Promise.resolve();
      }
      @TracedEvent<Order>(/^c/, { attributes: ({ amount }) => ({ amount }) })
      both(_order: Order, _context: KafkaContext): void {}
      @TracedEvent()
      @MessagePattern<string>('d')
      request(@Payload('id') _id: string): string {
        return 'x';
      }
    }
    expect(new Handlers().request('')).toBe('x');
  });
});
