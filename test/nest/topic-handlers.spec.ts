import { Controller } from '@nestjs/common';
import { ConflictingHandlersError, TracedEvent, type TracedEventOptions } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { expectRoot } from '../support/expectations.js';
import { freshName, freshTopic, sendPlain } from '../support/kafka.js';
import { startMicroservice } from '../support/nest-app.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

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
    ['relation', { relation: 'link' }, { relation: 'both' }],
    ['trust', { trust: 'restart' }, { trust: 'ignore' }],
  ] as const)('is refused at start where two handlers disagree on %s', async (option, one, other) => {
    const controllers = [controllerOf('orders', one, 'Mail'), controllerOf('orders', other, 'Statistics')];
    const starting = startMicroservice({ controllers });
    await expect(starting).rejects.toThrow(ConflictingHandlersError);
    await expect(starting).rejects.toThrow(
      new RegExp(`topic orders disagree on \`${option}\`.*Mail\\.handle.*Statistics\\.handle`),
    );
  });

  it('is refused at start where it is no value of the option', async () => {
    const starting = startMicroservice({ controllers: [controllerOf('orders', { trust: 'no' as never })] });
    await expect(starting).rejects.toThrow(/`@TracedEvent on Orders\.handle: trust` to be one of/);
  });
});
