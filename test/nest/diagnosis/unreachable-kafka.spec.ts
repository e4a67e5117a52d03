import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { Kafka } from 'kafkajs';
import { KafkaTracing, KafkaTracingModule, traceKafka } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { OwnStrategy } from '../../support/idle-servers.js';
import { clientConfig } from '../../support/kafka.js';
import { LogRecorder } from '../../support/log-recorder.js';
import { rootModule, startContext, startMicroservice } from '../../support/nest-app.js';
import { afterTest, useTracing } from '../../support/tracing.js';

@Controller()
class Statistics {
  @EventPattern<string>('order-events')
  count(): void {}
}

class KafkaStrategy extends OwnStrategy {
  constructor() {
    super(Symbol('bus'));
  }
}

/** What bears the names of Nest's classes and is not of the copy that we know. */
const secondCopy = {
  ServerKafka: class ServerKafka extends OwnStrategy {
    constructor() {
      super(Transport.KAFKA);
    }
  },
  ClientKafka: class ClientKafka {},
};

describe('what is out of reach', () => {
  useTracing();

  it('is a strategy that makes its own Kafka, and one of a second copy of Nest; a warning says what to do', async () => {
    const logger = new LogRecorder();
    const app = await NestFactory.create(rootModule({ controllers: [Statistics] }), {
      logger,
      abortOnError: false,
    });
    afterTest(() => app.close());
    app.connectMicroservice<MicroserviceOptions>({ strategy: new KafkaStrategy() });
    app.connectMicroservice<MicroserviceOptions>({ strategy: new OwnStrategy(Transport.KAFKA) });
    app.connectMicroservice<MicroserviceOptions>({ strategy: new OwnStrategy(Symbol('my-kafka')) });
    app.connectMicroservice<MicroserviceOptions>({ strategy: new OwnStrategy(Symbol('bus')) });
    app.connectMicroservice<MicroserviceOptions>({ strategy: new secondCopy.ServerKafka() });
    await app.init();

    const { servers, topics, unreachable } = app.get(KafkaTracing).diagnose();
    expect(servers).toEqual([]);
    expect(topics).toMatchObject([{ pattern: 'order-events' }]);
    expect(unreachable).toEqual([
      { name: 'KafkaStrategy', cure: expect.stringContaining('traceKafka') },
      { name: 'OwnStrategy', cure: expect.stringContaining('traceKafka') },
      { name: 'OwnStrategy', cure: expect.stringContaining('traceKafka') },
      { name: 'ServerKafka', cure: expect.stringContaining('npm dedupe') },
    ]);
    expect(logger.warnings).toEqual([
      expect.stringMatching(/^KafkaStrategy is out of reach: /),
      expect.stringMatching(/^OwnStrategy is out of reach: /),
      expect.stringMatching(/^ServerKafka is out of reach: .*second copy/),
    ]);
  });

  it('is a client of a second copy of Nest, a provider or in a field of one', async () => {
    const logger = new LogRecorder();
    class OwnClient extends secondCopy.ClientKafka {}
    class Publisher {
      readonly client = new secondCopy.ClientKafka();
    }
    const own = { provide: 'OWN', useFactory: () => new OwnClient() };
    await startContext({ imports: [KafkaTracingModule.forRoot()], providers: [own, Publisher] }, logger);
    expect(logger.warnings).toEqual([
      expect.stringMatching(/^OwnClient is out of reach: .*second copy/),
      expect.stringMatching(/^ClientKafka is out of reach: .*second copy/),
    ]);
    expect(logger.lines[0]).toContain('Found no Kafka server and no Kafka client.');
  });

  it('is no strategy that has a Kafka from traceKafka', async () => {
    const logger = new LogRecorder();
    class TracedStrategy extends KafkaStrategy {
      readonly kafka = traceKafka(new Kafka(clientConfig('traced')));
    }
    const app = await startMicroservice({ controllers: [Statistics], logger }, new TracedStrategy());
    expect(app.get(KafkaTracing).diagnose()).toMatchObject({
      unreachable: [],
      topics: [{ pattern: 'order-events' }],
    });
    expect(logger.warnings).toEqual([]);
  });
});
