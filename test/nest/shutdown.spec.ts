import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Controller, type DynamicModule, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, ClientsModule, EventPattern } from '@nestjs/microservices';
import { metrics, trace } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { KafkaTracingModule, type KafkaTracingModuleOptions, TracedClientKafka } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TRACED_APPLICATION } from '../../lib/nest/kafka-tracing.explorer.js';
import type { TracedApplication } from '../../lib/nest/traced-application.js';
import type { OpenSpans } from '../../lib/tracing/open-spans.js';
import { recordReports, recordWarnings } from '../support/diag-reports.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { kafkaOptions, rootModule, startMicroservice } from '../support/nest-app.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const producerOptions = { ...kafkaOptions('farewell'), producerOnlyMode: true };

class OwnOptions extends TracedClientKafka {
  constructor(options: typeof producerOptions) {
    super(options, { correlationId: 'correlation_id' });
  }
}

/** What happened, in its order. */
class Order implements SpanProcessor {
  readonly events: string[] = [];

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    this.events.push(`${span.name} ended`);
  }

  async forceFlush(): Promise<void> {
    this.events.push('flushed');
  }

  async shutdown(): Promise<void> {}
}

describe('the end of an application', () => {
  const spans = useTracing({ tracerProvider: false });
  afterEach(() => metrics.disable());

  function recordOrder(): string[] {
    const order = new Order();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [spans, order] }));
    return order.events;
  }

  it('waits for handlers in flight and their spans, then exports', async () => {
    const events = recordOrder();
    const topic = await freshTopic();
    let finish: (() => void) | undefined;
    const mayFinish = new Promise<void>((resolve) => (finish = resolve));
    @Controller()
    class Orders {
      @EventPattern<string>(topic)
      async handle(): Promise<void> {
        events.push('handler started');
        await mayFinish;
        events.push('handler ended');
      }
    }
    const app = await startMicroservice({ controllers: [Orders] });
    await sendPlain(topic, { value: '{}' });
    await until('the handler runs', () => events.includes('handler started'));

    const closed = app.close().then(() => events.push('closed'));
    finish?.();
    await closed;

    expect(events).toEqual([
      'handler started',
      'handler ended',
      `process ${topic} ended`,
      'flushed',
      'closed',
    ]);
  });

  it.each<[whose: string, Client: typeof ClientKafka, tracing?: KafkaTracingModuleOptions]>([
    ['a client', ClientKafka],
    ['a client with options of its own', OwnOptions],
    ['a client with options of its own, where the others are not traced', OwnOptions, { enabled: false }],
  ])('waits for a send that nobody waits for, of %s', async (_whose, Client, tracing = {}) => {
    const events = recordOrder();
    const topic = await freshTopic();
    @Injectable()
    class Farewell implements OnApplicationShutdown {
      readonly client = new Client(producerOptions);
      onApplicationShutdown(): void {
        this.client.emit(topic, { n: 1 });
      }
    }
    const app = await startMicroservice({ tracing, providers: [Farewell] });
    const { client } = app.get(Farewell);
    afterTest(() => client.close());
    await client.connect();

    await app.close();

    expect(events).toEqual([`send ${topic} ended`, 'flushed']);
  });

  it.each([
    ['before', (tracing: DynamicModule, other: DynamicModule) => [other, tracing]],
    ['after', (tracing: DynamicModule, other: DynamicModule) => [tracing, other]],
  ])(
    'traces and exports what the hook of a global module sends that is imported %s ours',
    async (_order, imports) => {
      const events = recordOrder();
      const topic = await freshTopic();
      class Farewell extends ClientKafka {
        override async close(): Promise<void> {
          await firstValueFrom(this.emit(topic, { n: 1 }), { defaultValue: undefined });
          await super.close();
        }
      }
      // Its clients are closed in the module's hook.
      const clients = [{ name: 'FAREWELL', customClass: Farewell as never, options: producerOptions }];
      const other = ClientsModule.register({ isGlobal: true, clients });
      const app = await startMicroservice({
        tracing: false,
        imports: imports(KafkaTracingModule.forRoot(), other),
      });

      await app.close();

      const [message] = await readPlain(topic, 1);
      expect(message?.headers).toHaveProperty('traceparent');
      expect(events.slice(-2)).toEqual([`send ${topic} ended`, 'flushed']);
    },
  );

  it('exports once where nothing is sent any more, also where the module is imported twice', async () => {
    const events = recordOrder();
    const app = await startMicroservice({ imports: [KafkaTracingModule.forRoot({ relation: 'both' })] });
    await app.close();
    expect(events).toEqual(['flushed']);
  });

  it('exports metrics, too', async () => {
    const provider = new MeterProvider();
    const forceFlush = vi.spyOn(provider, 'forceFlush');
    metrics.setGlobalMeterProvider(provider);
    const app = await startMicroservice({});
    await app.close();
    expect(forceFlush).toHaveBeenCalledOnce();
  });

  it('is traced no more after it', async () => {
    recordOrder();
    const topic = await freshTopic();
    const app = await startMicroservice({
      providers: [{ provide: 'MINE', useFactory: () => new ClientKafka(producerOptions) }],
    });
    const client = app.get<ClientKafka>('MINE');
    afterTest(() => client.close());
    await app.close();
    await firstValueFrom(client.emit(topic, { n: 1 }), { defaultValue: undefined });
    expect(spans.named(`send ${topic}`)).toEqual([]);
  });
});

describe('the end of an application whose exporter fails', () => {
  useTracing({ tracerProvider: false });

  it('is there within the deadline where the exporter never answers, and says so', async () => {
    const reports = recordReports();
    const forceFlush = vi.fn(hanging);
    const { milliseconds } = await startAndClose(forceFlush, { shutdownTimeoutMs: 200 });
    expect(forceFlush).toHaveBeenCalledOnce();
    expect(milliseconds).toBeGreaterThan(150);
    expect(milliseconds).toBeLessThan(4_000);
    expect(reports).toEqual([expect.stringContaining('failed to export spans and metrics')]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('no collector'))],
    [
      'throws',
      () => {
        throw new Error('no exporter');
      },
    ],
  ])('goes on where the exporter %s', async (_how, forceFlush: () => Promise<void>) => {
    const called = vi.fn(forceFlush);
    await startAndClose(called, {});
    expect(called).toHaveBeenCalledOnce();
  });

  it('exports what has ended where a span stays open, and says how many do', async () => {
    const warnings = recordWarnings();
    const forceFlush = vi.fn(async () => {});
    const { milliseconds } = await startAndClose(forceFlush, { shutdownTimeoutMs: 200 }, (openSpans) => {
      openSpans.started();
      openSpans.started();
    });
    expect(forceFlush).toHaveBeenCalledOnce();
    expect(milliseconds).toBeLessThan(4_000);
    expect(warnings).toEqual([expect.stringContaining('2 spans are still open')]);
  });

  it('waits for nothing where it is told so', async () => {
    const warnings = recordWarnings();
    const forceFlush = vi.fn(hanging);
    await startAndClose(forceFlush, { shutdownTimeoutMs: 0 }, (openSpans) => openSpans.started());
    expect(forceFlush).not.toHaveBeenCalled();
    expect(warnings).toEqual([]);
  });

  it('waits for nothing where tracing is off', async () => {
    const forceFlush = vi.fn(hanging);
    await startAndClose(forceFlush, { enabled: false });
    expect(forceFlush).not.toHaveBeenCalled();
  });

  it('takes a deadline that is longer than a timer may be', async () => {
    const warnings = recordWarnings();
    const forceFlush = vi.fn(async () => {});
    await startAndClose(forceFlush, { shutdownTimeoutMs: Number.MAX_SAFE_INTEGER }, (openSpans) => {
      openSpans.started();
      setTimeout(() => openSpans.ended(), 50);
    });
    expect(warnings).toEqual([]);
    expect(forceFlush).toHaveBeenCalledOnce();
  });
});

// Of the built package: `npm test` builds first.
const PROGRAM = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { trace } from '@opentelemetry/api';
  import { KafkaTracingModule } from 'nestjs-kafka-tracing';

  const forceFlush = () => {
    process.stdout.write('flushing ');
    return new Promise(() => {});
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({}), forceFlush });
  class App {}
  Module({ imports: [KafkaTracingModule.forRoot({ shutdownTimeoutMs: 200 })] })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  app.enableShutdownHooks();
  setInterval(() => {}, 60_000);
  process.stdout.write('ready ');
`;

describe('a process whose exporter hangs', () => {
  it('ends at SIGTERM all the same', async () => {
    const program = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', PROGRAM]);
    onTestFinished(() => void program.kill('SIGKILL'));
    let output = '';
    program.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    program.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the program is ready', () => output.includes('ready'));

    program.kill('SIGTERM');

    const [code, signal] = (await once(program, 'exit')) as unknown[];
    expect([output, code, signal]).toEqual(['ready flushing ', null, 'SIGTERM']);
  });
});

describe('the end of an application without an SDK', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it('waits for nothing', async () => {
    const warnings = recordWarnings();
    const app = await NestFactory.createApplicationContext(rootModule({}), { logger: false });
    app.get<TracedApplication>(TRACED_APPLICATION).openSpans.started();
    await app.close();
    expect(warnings).toEqual([]);
  });
});

/** Starts an application and ends it; returns how long that took. */
async function startAndClose(
  forceFlush: () => Promise<void>,
  tracing: KafkaTracingModuleOptions,
  prepare = (_spans: OpenSpans): void => {},
): Promise<{ readonly milliseconds: number }> {
  const provider = new BasicTracerProvider();
  provider.forceFlush = forceFlush;
  trace.setGlobalTracerProvider(provider);
  const app = await NestFactory.createApplicationContext(rootModule({ tracing }), { logger: false });
  prepare(app.get<TracedApplication>(TRACED_APPLICATION).openSpans);
  const started = performance.now();
  await app.close();
  return { milliseconds: performance.now() - started };
}

function hanging(): Promise<void> {
  return new Promise(() => {});
}
