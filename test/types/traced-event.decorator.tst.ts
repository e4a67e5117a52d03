import type { KafkaContext } from '@nestjs/microservices';
import { describe, expect, it } from 'tstyche';
import { TracedEvent, type TracedEventOptions } from 'nestjs-kafka-tracing';

interface Order {
  readonly id: string;
}

describe('@TracedEvent', () => {
  it('decorates a method, with a topic or beside a pattern', () => {
    expect(TracedEvent('order-events')).type.toBe<MethodDecorator>();
    expect(TracedEvent(/^orders\./, { relation: 'link' })).type.toBe<MethodDecorator>();
    expect(TracedEvent({ span: 'process_order_event' })).type.toBe<MethodDecorator>();
    expect(TracedEvent()).type.toBe<MethodDecorator>();
  });

  it('takes no other options', () => {
    expect(TracedEvent).type.not.toBeCallableWith('order-events', { name: 'process_order_event' });
    expect(TracedEvent).type.not.toBeCallableWith({ trust: 'nobody' });
    expect(TracedEvent).type.not.toBeCallableWith(42);
  });

  it('lets a callback leave out the type of the payload, or say it', () => {
    expect(TracedEvent({ attributes: (order) => ({ 'order.id': order.id }) })).type.toBe<MethodDecorator>();
    expect<TracedEventOptions<Order>['attributes']>().type.toBeAssignableFrom(
      (order: Order, context: KafkaContext) => ({ 'order.id': order.id, topic: context.getTopic() }),
    );
    expect(TracedEvent<Order>).type.not.toBeCallableWith({
      attributes: (order: { readonly number: string }) => ({ id: order.number }),
    });
    expect(TracedEvent<Order>).type.not.toBeCallableWith({ attributes: () => 'order' });
  });
});
