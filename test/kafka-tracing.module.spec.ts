import { Controller, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka } from '@nestjs/microservices';
import {
  ConflictingOptionsError,
  InvalidOptionError,
  KafkaTracing,
  KafkaTracingModule,
  type KafkaTracingModuleOptions,
  type KafkaTracingOptionsFactory,
  TracedEvent,
} from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectChildOf, expectLinkedTo, expectRoot } from './support/expectations.js';
import { freshTopic, readPlain, sendPlain } from './support/kafka.js';
import { KAFKA, rootModule, startMicroservice } from './support/nest-app.js';
import { useTracing } from './support/tracing.js';

const LINK: KafkaTracingModuleOptions = { relation: 'link' };

@Injectable()
class Factory implements KafkaTracingOptionsFactory {
  createKafkaTracingOptions(): KafkaTracingModuleOptions {
    return LINK;
  }
}

@Module({ providers: [Factory], exports: [Factory] })
class FactoryModule {}

function refuseLook(): never {
  throw new Error('do not look at me');
}

function consumerOf(topic: string): new () => object {
  @Controller()
  class Orders {
    @TracedEvent(topic, { span: 'step' })
    handle(): void {}
  }
  return Orders;
}

describe('KafkaTracingModule', () => {
  const spans = useTracing();

  /** Sends one event from a client of the application to its own handler. */
  async function roundTrip(topic: string, client: ClientKafka) {
    await firstValueFrom(client.emit(topic, { n: 1 }), { defaultValue: undefined });
    return { send: await spans.one(`send ${topic}`), process: await spans.one(`process ${topic}`) };
  }

  it.each([
    ['useFactory', () => KafkaTracingModule.forRootAsync({ useFactory: async () => LINK })],
    ['useClass', () => KafkaTracingModule.forRootAsync({ useClass: Factory })],
    [
      'useExisting',
      () => KafkaTracingModule.forRootAsync({ imports: [FactoryModule], useExisting: Factory }),
    ],
    [
      'useFactory with inject',
      () =>
        KafkaTracingModule.forRootAsync({
          imports: [FactoryModule],
          inject: [Factory],
          useFactory: (factory: Factory) => factory.createKafkaTracingOptions(),
        }),
    ],
  ])('takes its options from %s', async (_form, module) => {
    const topic = await freshTopic();
    const app = await startMicroservice({
      tracing: false,
      imports: [module()],
      controllers: [consumerOf(topic)],
    });

    const { send, process } = await roundTrip(topic, app.get(KAFKA));

    expectRoot(process);
    expectLinkedTo(process, send);
  });

  it('takes no options at all, also without forRoot', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({
      tracing: false,
      imports: [KafkaTracingModule],
      controllers: [consumerOf(topic)],
    });
    const { send, process } = await roundTrip(topic, app.get(KAFKA));
    expectChildOf(process, send);
  });

  it('traces nothing where it is not enabled', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({ tracing: { enabled: false }, controllers: [consumerOf(topic)] });
    await firstValueFrom(app.get<ClientKafka>(KAFKA).emit(topic, { n: 1 }), { defaultValue: undefined });
    const [message] = await readPlain(topic, 1);
    expect(message?.headers).toEqual({});
    expect(spans.finished).toEqual([]);
  });

  it('may be imported twice with the same options', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({
      tracing: LINK,
      imports: [KafkaTracingModule.forRoot({ relation: 'link' })],
      controllers: [consumerOf(topic)],
    });
    const { send, process } = await roundTrip(topic, app.get(KAFKA));
    expectLinkedTo(process, send);
    await spans.one('step');
    expect(app.get(KafkaTracing)).toBeInstanceOf(KafkaTracing);
  });

  it('refuses to be imported twice with different options', async () => {
    const starting = startMicroservice({ tracing: LINK, imports: [KafkaTracingModule.forRoot()] });
    await expect(starting).rejects.toThrow(ConflictingOptionsError);
    await expect(starting).rejects.toThrow(
      /`relation` is ('link' and 'both'|'both' and 'link').*Import it once/,
    );
  });

  it.each([
    [
      { relation: 'sibling' },
      /Expected `relation` to be one of 'both', 'parent', 'link', got `sibling` \(string\)/,
    ],
    [
      { relations: 'both' },
      /Expected `relations` to be absent.*Remove it, or use one of `enabled`, `relation`/,
    ],
  ])('refuses %o when the application starts', async (options, message) => {
    const starting = NestFactory.createApplicationContext(rootModule({ tracing: options as never }), {
      logger: false,
      abortOnError: false,
    });
    await expect(starting).rejects.toThrow(InvalidOptionError);
    await expect(starting).rejects.toThrow(message);
  });

  it('refuses a bad option of @TracedEvent when the application starts, and names the handler', async () => {
    @Controller()
    class Orders {
      @TracedEvent('orders', { span: '' })
      handle(): void {}
    }
    const starting = startMicroservice({ controllers: [Orders] });
    await expect(starting).rejects.toThrow(/`@TracedEvent on Orders\.handle: span` to be a span name/);
  });

  it.each([[undefined], [{}]])('refuses forRootAsync(%j), which says no way to the options', (options) => {
    expect(() => KafkaTracingModule.forRootAsync(options as never)).toThrow(
      /`options of forRootAsync` to have `useFactory`, `useClass` or `useExisting`/,
    );
  });

  it('starts beside providers that throw at every look', async () => {
    const hostile = new Proxy({}, { ownKeys: refuseLook, getPrototypeOf: refuseLook });
    const topic = await freshTopic();
    const app = await startMicroservice({
      providers: [{ provide: 'HOSTILE', useFactory: () => hostile }],
      controllers: [consumerOf(topic)],
    });
    await roundTrip(topic, app.get(KAFKA));
    await spans.one('step');
  });

  it('keeps the options of two applications in one process apart', async () => {
    const [one, other] = [await freshTopic('one'), await freshTopic('other')];
    await startMicroservice({ tracing: { relation: 'parent' }, controllers: [consumerOf(one)] });
    await startMicroservice({ tracing: { relation: 'link' }, controllers: [consumerOf(other)] });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    await sendPlain(one, { value: '{}', headers: { traceparent } });
    await sendPlain(other, { value: '{}', headers: { traceparent } });

    const parent = await spans.one(`process ${one}`);
    const link = await spans.one(`process ${other}`);
    expect([parent.parentSpanContext?.spanId, parent.links.length]).toEqual(['b7ad6b7169203331', 0]);
    expect([link.parentSpanContext, link.links.length]).toEqual([undefined, 1]);
  });

  it('serves one application after the other that have the same classes and the same client', async () => {
    const topic = await freshTopic();
    const AppModule = rootModule({ controllers: [consumerOf(topic)] });
    for (const round of [1, 2]) {
      const app = await NestFactory.createApplicationContext(AppModule, {
        logger: false,
        abortOnError: false,
      });
      await firstValueFrom(app.get<ClientKafka>(KAFKA).emit(topic, { round }), { defaultValue: undefined });
      await spans.all(`send ${topic}`, round);
      await app.close();
    }
  });

  it('leaves no interceptor on the handlers of a closed application', async () => {
    const Orders = consumerOf(await freshTopic());
    const handler = (Orders.prototype as { handle: object }).handle;
    const first = await startMicroservice({ controllers: [Orders] });
    const second = await startMicroservice({ controllers: [Orders] });
    expect(Reflect.getMetadata('__interceptors__', handler)).toHaveLength(1);
    await first.close();
    expect(Reflect.getMetadata('__interceptors__', handler)).toHaveLength(1);
    await second.close();
    expect(Reflect.getMetadata('__interceptors__', handler)).toBeUndefined();
  });
});

describe('KafkaTracingModule without an SDK', () => {
  const spans = useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it('works, and adds no header', async () => {
    const topic = await freshTopic();
    let received: unknown;
    @Controller()
    class Orders {
      @TracedEvent(topic, { span: 'step' })
      handle(order: unknown): void {
        received = order;
      }
    }
    const app = await startMicroservice({
      tracing: { correlationId: 'correlation_id' },
      controllers: [Orders],
    });
    await firstValueFrom(app.get<ClientKafka>(KAFKA).emit(topic, { n: 1 }), { defaultValue: undefined });
    const [message] = await readPlain(topic, 1);
    expect(message?.headers).toEqual({});
    await expect.poll(() => received, { timeout: 10_000 }).toEqual({ n: 1 });
    expect(spans.finished).toEqual([]);
  });
});
