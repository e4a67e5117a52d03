import { readFile } from 'node:fs/promises';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { KafkaTracing, KafkaTracingModule } from 'nestjs-kafka-tracing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IdleServer } from '../../support/idle-servers.js';
import { freshTopic } from '../../support/kafka.js';
import { LogRecorder } from '../../support/log-recorder.js';
import {
  kafkaOptions,
  moduleOf,
  rootModule,
  serverOptions,
  startContext,
  startHybrid,
  startMicroservice,
} from '../../support/nest-app.js';
import { afterTest, useTracing } from '../../support/tracing.js';

@Controller()
class Orders {
  @EventPattern<string>('order-events')
  notify(): void {}

  @EventPattern<string>('audit.eu')
  log(): void {}

  @EventPattern<RegExp>(/^replies-/)
  reply(): void {}
}

@Controller()
class Statistics {
  @EventPattern<string>('order-events')
  count(): void {}
}

const REGISTERED =
  'Registered: tracer provider, propagator (traceparent, tracestate, baggage), context manager. Not registered: meter provider.';

describe('the line in the log', () => {
  useTracing();
  afterEach(() => metrics.disable());

  it('says what a microservice traces', async () => {
    const logger = new LogRecorder();
    const options = kafkaOptions('logged');
    const tracing = { topics: [{ match: 'audit.*', relation: 'link' } as const] };
    await startMicroservice({ tracing, controllers: [Orders, Statistics], logger }, new IdleServer(options));
    const traced = `1 server (${options.consumer?.groupId}-server), 1 client (client-client), 3 topics`;
    expect(logger.lines).toEqual([
      `Traces ${traced} (order-events, audit.eu by rule 0 audit.*, /^replies-/). ${REGISTERED}`,
    ]);
    expect(logger.warnings).toEqual([]);
  });

  it('looks as the README shows it', async () => {
    const logger = new LogRecorder();
    const readme = await readFile('README.md', 'utf8');
    const options = { ...kafkaOptions(), consumer: { groupId: 'notification-service' }, postfixId: '' };
    const controllers = [Statistics];
    const imports = [KafkaTracingModule.forRoot()];
    const app = await NestFactory.create(moduleOf({ imports, controllers }), { logger, abortOnError: false });
    afterTest(() => app.close());
    app.connectMicroservice<MicroserviceOptions>({ strategy: new IdleServer(options) });
    await app.init();
    expect(readme).toContain(`LOG [KafkaTracing] ${logger.lines[0]}\n`);
  });

  it('says it once where the module is imported twice', async () => {
    const logger = new LogRecorder();
    await startMicroservice({ imports: [KafkaTracingModule.forRoot({ relation: 'both' })], logger });
    expect(logger.lines).toHaveLength(1);
  });

  it('says it in a hybrid application whose microservice is connected before it starts', async () => {
    const logger = new LogRecorder();
    const topic = await freshTopic();
    @Controller()
    class Handlers {
      @EventPattern<string>(topic)
      handle(): void {}
    }
    await startHybrid({ controllers: [Handlers], logger });
    expect(logger.lines).toEqual([
      expect.stringMatching(new RegExp(`^Traces 1 server .*1 topic \\(${topic}\\)\\. `)),
    ]);
  });

  it('says so of servers that are connected after the application has started, and of their topics only', async () => {
    const logger = new LogRecorder();
    const setup = { controllers: [Statistics], logger };
    const app = await NestFactory.create(rootModule(setup), { logger, abortOnError: false });
    afterTest(() => app.close());
    await app.listen(0, '127.0.0.1');
    expect(logger.lines).toEqual([`Traces 1 client (client-client). ${REGISTERED}`]);
    const [one, other] = [kafkaOptions('one'), kafkaOptions('other')];

    app.connectMicroservice<MicroserviceOptions>({ strategy: new IdleServer(one) });
    app.connectMicroservice<MicroserviceOptions>({ strategy: new IdleServer(other) });
    app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP });

    expect(logger.lines.slice(1)).toEqual([
      `Also traces 1 server (${one.consumer?.groupId}-server), 1 topic (order-events).`,
      `Also traces 1 server (${other.consumer?.groupId}-server).`,
    ]);
    expect(logger.warnings).toEqual([]);
  });

  it('names the first ten topics of many', async () => {
    const logger = new LogRecorder();
    const topics = Array.from({ length: 22 }, (_, index) => `topic-${index}`);
    @Controller()
    class Many {
      @EventPattern<string[]>(topics)
      handle(): void {}
    }
    await startMicroservice({ controllers: [Many], logger }, new IdleServer());
    expect(logger.lines[0]).toContain(`22 topics (${topics.slice(0, 10).join(', ')} and 12 more).`);
  });

  it('says that nothing of Kafka was found, and then warns of nothing', async () => {
    const logger = new LogRecorder();
    trace.disable();
    metrics.setGlobalMeterProvider(new MeterProvider());
    await startContext({ imports: [KafkaTracingModule.forRoot()] }, logger);
    expect(logger.lines).toEqual([
      'Found no Kafka server and no Kafka client. Registered: propagator (traceparent, tracestate, baggage), context manager, meter provider. Not registered: tracer provider.',
    ]);
    expect(logger.warnings).toEqual([]);
  });

  it('says that tracing is off, and warns of nothing', async () => {
    const logger = new LogRecorder();
    trace.disable();
    const app = await startMicroservice(
      { tracing: { enabled: false }, controllers: [Statistics], logger },
      new IdleServer(),
    );
    expect(logger.lines).toEqual(['Nothing is traced: `enabled` is false.']);
    expect(logger.warnings).toEqual([]);
    expect(app.get(KafkaTracing).diagnose()).toMatchObject({ enabled: false, warnings: [] });
  });
});

describe('the warnings in the log', () => {
  useTracing();

  it.each([
    ['tracer provider', () => trace.disable(), 'no span is recorded'],
    ['propagator', () => propagation.disable(), 'no message carries a context'],
    ['context manager', () => context.disable(), 'what is sent within a span does not'],
  ])('name a missing %s, what that means, and the cure', async (part, disable, means) => {
    disable();
    const logger = new LogRecorder();
    const app = await startMicroservice({ logger });
    expect(logger.warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^No ${part} is registered: ${means}.* Start an OpenTelemetry SDK before`),
      ),
    ]);
    expect(logger.lines[0]).toMatch(new RegExp(`Not registered: .*${part}`));
    expect(app.get(KafkaTracing).diagnose().warnings).toEqual(logger.warnings);
  });

  it('name nothing that is missing where the SDK was turned off on purpose', async () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    afterTest(() => vi.unstubAllEnvs());
    trace.disable();
    const logger = new LogRecorder();
    await startMicroservice({ logger });
    expect(logger.warnings).toEqual([]);
    expect(logger.lines[0]).toContain('Not registered: tracer provider');
  });

  it('name an SDK that our copy of the API does not see', async () => {
    const API = Symbol.for('opentelemetry.js.api.1');
    const holder = globalThis as { [API]?: object };
    trace.disable();
    holder[API] = { version: '1.0.0', trace: {} };
    afterTest(() => delete holder[API]);
    const logger = new LogRecorder();
    await startMicroservice({ logger });
    expect(logger.warnings).toEqual([
      expect.stringMatching(/version 1\.0\.0 of @opentelemetry\/api.*npm ls/),
    ]);
  });

  it('come with the first thing of Kafka, and once', async () => {
    trace.disable();
    const logger = new LogRecorder();
    const module = moduleOf({ imports: [KafkaTracingModule.forRoot()] });
    const app = await NestFactory.create(module, { logger, abortOnError: false });
    afterTest(() => app.close());
    await app.init();
    expect(logger.warnings).toEqual([]);
    app.connectMicroservice<MicroserviceOptions>(serverOptions({}));
    app.connectMicroservice<MicroserviceOptions>(serverOptions({}));
    expect(logger.warnings).toEqual([expect.stringContaining('No tracer provider')]);
  });
});
