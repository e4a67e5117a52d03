import { Controller, Injectable, Module, type OnModuleInit, Scope } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import {
  Client,
  ClientKafka,
  ClientsModule,
  EventPattern,
  ServerKafka,
  Transport,
} from '@nestjs/microservices';
import type { Kafka } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { recordReports } from '../support/diag-reports.js';
import { freshTopic, plainKafka, readPlain } from '../support/kafka.js';
import { KAFKA, kafkaOptions, startMicroservice } from '../support/nest-app.js';
import { afterTest, useTracing } from '../support/tracing.js';

const transport = {
  transport: Transport.KAFKA,
  options: { ...kafkaOptions('kinds'), producerOnlyMode: true },
} as const;

function newClient(): ClientKafka {
  const client = new ClientKafka(transport.options);
  afterTest(() => client.close());
  return client;
}

/** Sends with a client and says whether the message carries a context. */
async function emits(client: ClientKafka): Promise<boolean> {
  const topic = await freshTopic('kinds');
  await firstValueFrom(client.emit(topic, { n: 1 }), { defaultValue: undefined });
  const [message] = await readPlain(topic, 1);
  return message?.headers?.['traceparent'] !== undefined;
}

describe('every kind of client is traced', () => {
  const spans = useTracing();

  async function expectTraced(client: ClientKafka): Promise<void> {
    expect(await emits(client)).toBe(true);
    expect(spans.finished).toHaveLength(1);
  }

  it('one that ClientsModule.register made', async () => {
    const app = await startMicroservice({});
    await expectTraced(app.get(KAFKA));
  });

  it('one that ClientsModule.registerAsync made', async () => {
    const client = { name: 'ASYNC', useFactory: async () => transport };
    const app = await startMicroservice({ imports: [ClientsModule.registerAsync([client])] });
    await expectTraced(app.get('ASYNC'));
  });

  it('one that was connected in a factory, before the options are known', async () => {
    const provider = {
      provide: 'FACTORY',
      useFactory: async () => {
        const client = newClient();
        await client.connect();
        return client;
      },
    };
    @Module({ providers: [provider], exports: ['FACTORY'] })
    class Earlier {}
    const app = await startMicroservice({ imports: [Earlier] });
    await expectTraced(app.get('FACTORY'));
  });

  it('one that was connected in a constructor', async () => {
    @Injectable()
    class Publisher {
      readonly client = newClient();
      readonly connected = this.client.connect();
    }
    const app = await startMicroservice({ providers: [Publisher] });
    await app.get(Publisher).connected;
    await expectTraced(app.get(Publisher).client);
  });

  it('one of @Client()', async () => {
    @Controller()
    class Publisher {
      @Client(transport)
      readonly client!: ClientKafka;
    }
    const app = await startMicroservice({ controllers: [Publisher] });
    await expectTraced(app.get(Publisher).client);
  });

  it('one that was made with new, long after the application started', async () => {
    await startMicroservice({});
    await expectTraced(newClient());
  });

  it('one of a module that is loaded lazily', async () => {
    @Module({ imports: [ClientsModule.register([{ name: 'LAZY', ...transport }])], exports: [ClientsModule] })
    class LazyModule {}
    const app = await startMicroservice({});
    const lazy = await app.get(LazyModuleLoader).load(() => LazyModule);
    const client = lazy.get<ClientKafka>('LAZY', { strict: false });
    afterTest(() => client.close());
    await expectTraced(client);
  });

  it('one that is made for each request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Publisher {
      readonly client = newClient();
    }
    const app = await startMicroservice({ providers: [Publisher] });
    const publisher = await app.get(ModuleRef).resolve(Publisher, undefined, { strict: false });
    await expectTraced(publisher.client);
  });

  it('one whose class makes its Kafka by itself, in either way that Nest knows', async () => {
    class OwnClient extends ClientKafka implements OnModuleInit {
      override createClient<T>(): Promise<T> {
        return super.createClient();
      }
      async onModuleInit(): Promise<void> {
        await this.connect();
      }
    }
    const provider = { provide: 'OWN', useFactory: () => new OwnClient(transport.options) };
    const app = await startMicroservice({ providers: [provider] });
    afterTest(() => app.get<OwnClient>('OWN').close());
    await expectTraced(app.get('OWN'));
  });
});

describe('the seam', () => {
  const spans = useTracing();

  it('is on the prototypes once, however often the module is imported', async () => {
    await startMicroservice({});
    const wrapped = ClientKafka.prototype.createClient;
    await startMicroservice({});
    expect(ClientKafka.prototype.createClient).toBe(wrapped);
    expect(Object.keys(ClientKafka.prototype)).not.toContain('createClient');
  });

  it('traces a Kafka that createClient returns at once, as in Nest 11', async () => {
    const topic = await freshTopic();
    class SynchronousServer extends ServerKafka {
      // Nest 11 declares it so; Nest 12 awaits either.
      override createClient<T>(): Promise<T> {
        return this.kafka as never;
      }
      kafka!: Kafka;
    }
    const { Kafka: KafkaClass } = await import('kafkajs');
    const options = kafkaOptions('synchronous');
    const server = new SynchronousServer(options);
    server.kafka = new KafkaClass(options.client!);
    const producer = server.kafka.producer();
    @Controller()
    class Orders {
      @EventPattern<string>(topic)
      handle(): void {}
    }
    await startMicroservice({ controllers: [Orders] }, server);

    await producer.connect();
    await producer.send({ topic, messages: [{ value: '{}' }] });
    await producer.disconnect();

    expect((await spans.one(`process ${topic}`)).attributes['messaging.consumer.group.name']).toContain(
      'synchronous',
    );
  });

  it('leaves a Kafka that cannot be changed as it is, and reports it', async () => {
    const reports = recordReports();
    class ClientOfFrozen extends ClientKafka {
      override createClient<T>(): Promise<T> {
        return Object.freeze(plainKafka()) as never;
      }
    }
    const provider = { provide: 'FROZEN', useFactory: () => new ClientOfFrozen(transport.options) };
    const app = await startMicroservice({ providers: [provider] });
    const client = app.get<ClientOfFrozen>('FROZEN');
    afterTest(() => client.close());
    expect(await emits(client)).toBe(false);
    expect(spans.finished).toEqual([]);
    expect(reports).toEqual([expect.stringContaining('failed to trace a Kafka; messages go their way')]);
  });

  it('passes through when no application is live any more', async () => {
    const app = await startMicroservice({});
    await app.close();
    expect(await emits(newClient())).toBe(false);
    expect(spans.finished).toHaveLength(0);
  });
});
