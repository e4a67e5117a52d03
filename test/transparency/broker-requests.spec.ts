import { Controller, type ModuleMetadata } from '@nestjs/common';
import {
  type ClientKafka,
  ClientsModule,
  EventPattern,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ApplicationPair, type Twin } from '../support/application-pair.js';
import { clientConfig, freshName } from '../support/kafka.js';
import { RecordingSockets } from '../support/recording-sockets.js';
import { useCoordinators } from '../support/transactions.js';
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

const TRANSACTIONS = ['COMMITTED', 'ABORTED'] as const;
const transactionalSockets = new Map<string, RecordingSockets>();

/**
 * A client for each transaction: a second one of the same producer may have to wait for the end of the first, and then is
 * asked for more than once.
 */
function transactionalClients(topicOf: Twin['topicOf']): NonNullable<ModuleMetadata['imports']>[number] {
  const sockets = new RecordingSockets();
  transactionalSockets.set(topicOf(''), sockets);
  return ClientsModule.register(
    TRANSACTIONS.map((name) => ({
      name,
      transport: Transport.KAFKA,
      options: {
        client: { ...clientConfig('tx'), socketFactory: sockets.factory },
        producer: { transactionalId: freshName('tx'), idempotent: true, maxInFlightRequests: 1 },
        producerOnlyMode: true,
      },
    })),
  );
}

async function runTransactions({ app, topicOf }: Twin): Promise<void> {
  const [topic, consumerGroupId] = [topicOf('unhandled'), freshName('group')];
  const [committed, aborted] = await Promise.all(
    TRANSACTIONS.map(async (name) => {
      const client = app.get<ClientKafka>(name);
      await client.connect();
      return client.producer.transaction();
    }),
  );
  await committed?.send({ topic, messages: [{ value: '1' }, { value: '2' }] });
  await committed?.sendBatch({ topicMessages: [{ topic, messages: [{ value: '3' }] }] });
  await committed?.sendOffsets({
    consumerGroupId,
    topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }],
  });
  await committed?.commit();
  await aborted?.send({ topic, messages: [{ value: '4' }] });
  await aborted?.abort();
}

async function runEvents({ client, producer, topicOf }: Twin): Promise<void> {
  const topic = topicOf('events');
  const wasHandled = (times: number) => until('it was handled', () => (handled.get(topic) ?? 0) >= times);
  await firstValueFrom(client.emit(topic, '1'));
  await wasHandled(1); // Else it depends on the batches how often is committed.
  await firstValueFrom(
    client.emitBatch(topic, { messages: [{ value: '2' }, { value: '3' }, { value: '4' }] }),
  );
  await wasHandled(4);
  await producer.sendBatch({ acks: 1, topicMessages: [{ topic, messages: [{ value: '5' }] }] });
  await wasHandled(5);
  await firstValueFrom(client.send(topicOf('requests'), 'v'));
}

function countsOf({ sockets, serverSockets, topicOf }: Twin) {
  return {
    client: sockets.counts,
    server: serverSockets.counts,
    transactional: transactionalSockets.get(topicOf(''))?.counts,
  };
}

describe('requests to the broker', () => {
  useCoordinators();

  it('are as many of each kind as without the module, from the start of an application to its end', async () => {
    const [pair] = await ApplicationPair.startAll([
      {
        topics: { events: 1, unhandled: 1 },
        requests: ['requests'],
        metadata: (topicOf) => ({
          controllers: [controllerOf(topicOf)],
          imports: [transactionalClients(topicOf)],
        }),
        server: { run: { autoCommit: true, autoCommitThreshold: 2 } },
      },
    ]);
    const { without, traced } = pair as ApplicationPair;
    try {
      await pair?.both(async (twin) => {
        await runEvents(twin);
        await runTransactions(twin);
      });
    } finally {
      await pair?.close();
    }

    expect(countsOf(traced)).toEqual(countsOf(without));
    const some: unknown = expect.any(Number);
    expect(countsOf(without)).toMatchObject({
      client: { Produce: 4, JoinGroup: some, Metadata: some, ListOffsets: some, OffsetFetch: some },
      server: { Produce: 1, JoinGroup: some, Metadata: some, OffsetCommit: some },
      transactional: {
        Produce: 3,
        InitProducerId: some,
        AddPartitionsToTxn: some,
        AddOffsetsToTxn: 1,
        TxnOffsetCommit: 1,
        EndTxn: 2,
      },
    });
  });
});
