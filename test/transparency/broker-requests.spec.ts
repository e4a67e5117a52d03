import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { Controller } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ApplicationPair, type Twin } from '../support/application-pair.js';
import { until } from '../support/until.js';

const handled = new Map<string, number>();

function controllerOf(topicOf: Twin['topicOf']): new () => object {
  const topic = topicOf('events');
  @Controller()
  class Orders {
    @EventPattern<string>(topic)
    handle(): void {
      handled.set(topic, (handled.get(topic) ?? 0) + 1);
    }

    @MessagePattern<string>(topicOf('requests'))
    answer(): string {
      return 'answered';
    }
  }
  return Orders;
}

function countsOf({ sockets, serverSockets }: Twin) {
  return { client: sockets.counts, server: serverSockets.counts };
}

describe('requests to the broker', () => {
  it('are as many of each kind as without the module, from the start of an application to its end', async () => {
    const pair = await ApplicationPair.start({
      topics: { events: 1 },
      requests: ['requests'],
      metadata: (topicOf) => ({ controllers: [controllerOf(topicOf)] }),
      server: { run: { autoCommit: true, autoCommitThreshold: 2 } },
    });
    try {
      await pair.both(async ({ client, producer, topicOf }) => {
        const topic = topicOf('events');
        const wasHandled = (times: number) =>
          until('it was handled', () => (handled.get(topic) ?? 0) >= times);
        await firstValueFrom(client.emit(topic, '1'));
        await wasHandled(1); // Else it depends on the batches how often is committed.
        await firstValueFrom(
          client.emitBatch(topic, { messages: [{ value: '2' }, { value: '3' }, { value: '4' }] }),
        );
        await wasHandled(4);
        await producer.sendBatch({ acks: 1, topicMessages: [{ topic, messages: [{ value: '5' }] }] });
        await wasHandled(5);
        await firstValueFrom(client.send(topicOf('requests'), 'v'));
      });
    } finally {
      await pair.close();
    }

    expect(countsOf(pair.traced)).toEqual(countsOf(pair.without));
    expect(countsOf(pair.without)).toMatchObject({
      client: { Produce: 4, JoinGroup: expect.any(Number) },
      server: { Produce: 1, JoinGroup: expect.any(Number), OffsetCommit: expect.any(Number) },
    });
  });
});
