import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  ClientsModule,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import {
  KafkaTracing,
  KafkaTracingModule,
  type KafkaTracingModuleOptions,
  TracedEvent,
} from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { driversOwn } from '../../../lib/kafkajs/foreign-instrumentation.js';
import { IdleServer } from '../../support/idle-servers.js';
import { clientConfig, freshTopic, sendPlain } from '../../support/kafka.js';
import { kafkaOptions, moduleOf, startContext, startMicroservice } from '../../support/nest-app.js';
import { afterTest, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

const WITHOUT_RULE = {
  relation: 'both',
  trust: 'continue',
  existingContext: 'preserve',
  requireParent: false,
  batch: 'create',
  trace: true,
  propagate: true,
  template: undefined,
};

const client = { transport: Transport.KAFKA, options: kafkaOptions('client') } as const;

@Controller()
class Orders {
  @TracedEvent('order-events', { relation: 'parent' })
  notify(): void {}

  @EventPattern<string>('audit.eu')
  log(): void {}

  @MessagePattern<string>('prices')
  price(): number {
    return 1;
  }

  @EventPattern<RegExp>(/^replies-/)
  reply(): void {}

  @EventPattern<string>('of-another-transport', Transport.TCP)
  other(): void {}
}

@Controller()
class Statistics {
  @EventPattern<string>('order-events')
  count(): void {}
}

function failingMatch(): never {
  throw new Error('of the rule');
}

function isAudit(topic: string): boolean {
  return topic.startsWith('audit.');
}

describe('KafkaTracing.diagnose', () => {
  useTracing();

  it('says what is traced of servers, clients and topics, as plain data', async () => {
    const tracing: KafkaTracingModuleOptions = {
      topics: [
        { match: 'never', relation: 'link' },
        { match: 'audit.*', trust: 'restart', template: 'audit' },
      ],
    };
    const options = kafkaOptions('diagnosed');
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(
      moduleOf({
        imports: [KafkaTracingModule.forRoot(tracing), ClientsModule.register([{ name: 'ONE', ...client }])],
        controllers: [Orders, Statistics],
      }),
      { transport: Transport.KAFKA, options, logger: false },
    );
    afterTest(() => app.close());
    await app.init();

    const diagnosis = app.get(KafkaTracing).diagnose();

    const { brokers } = clientConfig('any');
    expect(diagnosis).toEqual({
      enabled: true,
      servers: [
        {
          name: 'ServerKafka',
          clientId: 'diagnosed-server',
          groupId: `${options.consumer?.groupId}-server`,
          brokers,
        },
      ],
      clients: [{ name: 'ClientKafka', clientId: 'client-client', brokers }],
      topics: [
        {
          pattern: 'order-events',
          kind: 'event',
          handlers: ['Orders.notify', 'Statistics.count'],
          policy: { ...WITHOUT_RULE, relation: 'parent' },
          rule: undefined,
        },
        {
          pattern: 'audit.eu',
          kind: 'event',
          handlers: ['Orders.log'],
          policy: { ...WITHOUT_RULE, trust: 'restart', template: 'audit' },
          rule: { index: 1, match: 'audit.*' },
        },
        {
          pattern: 'prices',
          kind: 'request',
          handlers: ['Orders.price'],
          policy: WITHOUT_RULE,
          rule: undefined,
        },
        {
          pattern: '/^replies-/',
          kind: 'event',
          handlers: ['Orders.reply'],
          policy: undefined,
          rule: undefined,
        },
      ],
      sdk: {
        tracerProvider: true,
        propagator: true,
        propagationFields: ['traceparent', 'tracestate', 'baggage'],
        contextManager: true,
        meterProvider: false,
      },
      unreachable: [],
      foreignInstrumentation: [],
      openSpans: 0,
      warnings: [],
    });
    expect(JSON.parse(JSON.stringify(diagnosis))).toMatchObject({ servers: diagnosis.servers, openSpans: 0 });
  });

  it.each([
    ['audit.*', 'audit.*'],
    [/^audit\./g, String.raw`/^audit\./g`],
    [(topic: string) => topic === 'audit.eu', 'a function'],
    [isAudit, 'isAudit()'],
  ])('tells the rule %s as text', async (match, text) => {
    const tracing = { topics: [{ match }] };
    const app = await startMicroservice({ tracing, controllers: [Orders] }, new IdleServer());
    const topics = app.get(KafkaTracing).diagnose().topics;
    expect(topics.find(({ pattern }) => pattern === 'audit.eu')?.rule).toEqual({ index: 0, match: text });
  });

  it('goes on where a rule throws', async () => {
    const app = await startMicroservice(
      { tracing: { topics: [{ match: failingMatch }] }, controllers: [Statistics] },
      new IdleServer(),
    );
    expect(app.get(KafkaTracing).diagnose().topics).toMatchObject([
      { policy: WITHOUT_RULE, rule: undefined },
    ]);
  });

  it('writes a pattern that is an object as Nest does', async () => {
    @Controller()
    class Prices {
      @MessagePattern<object>({ cmd: 'price' })
      price(): void {}
    }
    const app = await startMicroservice({ controllers: [Prices] }, new IdleServer());
    expect(app.get(KafkaTracing).diagnose().topics).toMatchObject([{ pattern: '{"cmd":"price"}' }]);
  });

  it("tells the class of a server or client that is not Nest's own, and no brokers where a function finds them", async () => {
    class OwnClient extends ClientKafka {}
    const options = { client: { brokers: async () => clientConfig('any').brokers } };
    const app = await startContext({
      imports: [KafkaTracingModule.forRoot()],
      providers: [{ provide: 'OWN', useFactory: () => new OwnClient(options) }],
    });
    expect(app.get(KafkaTracing).diagnose().clients).toEqual([
      { name: 'OwnClient', clientId: 'nestjs-consumer-client', brokers: undefined },
    ]);
  });

  it('counts the spans that are open', async () => {
    const topic = await freshTopic();
    const seen: number[] = [];
    @Controller()
    class Busy {
      constructor(private readonly tracing: KafkaTracing) {}

      @EventPattern<string>(topic)
      handle(): void {
        seen.push(this.tracing.diagnose().openSpans);
      }
    }
    const app = await startMicroservice({ controllers: [Busy] });
    await sendPlain(topic, { value: '{}' });
    await until('the message is handled', () => seen.length > 0);
    expect(seen).toEqual([1]);
    await until('its span has ended', () => app.get(KafkaTracing).diagnose().openSpans === 0);
  });

  it('names other instrumentations that were found', async () => {
    const wrapped = Object.assign(() => {}, { __original: () => {} });
    driversOwn(wrapped, () => {})();
    const app = await startContext({ imports: [KafkaTracingModule.forRoot()] });
    expect(app.get(KafkaTracing).diagnose().foreignInstrumentation).toEqual([
      expect.stringContaining('@opentelemetry/instrumentation-kafkajs'),
    ]);
  });
});
