import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { type SpanKind, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { ClientKafka, MicroserviceOptions } from '@nestjs/microservices';
import type { KafkaConfig } from 'kafkajs';

/** What the program is told. */
export interface TwoInstrumentations {
  /** When the other instrumentation is registered: before our module is loaded, or after. */
  readonly order: 'before' | 'after';
  readonly config: KafkaConfig & { readonly brokers: string[] };
  readonly events: string;
  readonly requests: string;
}

/** What the program tells: everything that was seen in one process. */
export interface Seen {
  readonly nest: string;
  readonly library: string;
  /** Whether the other instrumentation is really active: it has wrapped what kafkajs makes. */
  readonly isActive: boolean;
  readonly reply: unknown;
  readonly warnings: readonly string[];
  readonly spans: readonly SeenSpan[];
}

export interface SeenSpan {
  readonly scope: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly links: readonly string[];
}

// Nest, kafkajs and our module are not imported here: the order in which they are loaded is what it is about.
async function run({ order, config, events, requests }: TwoInstrumentations): Promise<Seen> {
  const require = createRequire(process.argv[1] as string);
  const spans = registerSdk();
  const registerTheOther = (): void => {
    registerInstrumentations({ instrumentations: [new KafkaJsInstrumentation()] });
    require('kafkajs'); // It hooks `require`; what it patches is what `import` gives, too.
  };

  if (order === 'before') {
    registerTheOther();
  }
  const { KafkaTracingModule } = await import('nestjs-kafka-tracing');
  const { Controller, Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { ClientsModule, EventPattern, MessagePattern, Transport } = await import('@nestjs/microservices');
  const tracing = KafkaTracingModule.forRoot();
  if (order === 'after') {
    registerTheOther();
  }

  const options = (name: string) => ({
    client: { ...config, clientId: name },
    consumer: { groupId: `${events}-${name}`, maxWaitTimeInMs: 50 },
    subscribe: { fromBeginning: true },
  });
  const happened = new EventEmitter();
  const handled = once(happened, 'handled');

  @Controller()
  class Orders {
    @EventPattern<string>(events)
    take(): void {
      happened.emit('handled');
    }

    @MessagePattern<string>(requests)
    answer(): string {
      return 'answered';
    }
  }

  @Module({
    imports: [
      tracing,
      ClientsModule.register([{ name: 'KAFKA', transport: Transport.KAFKA, options: options('client') }]),
    ],
    controllers: [Orders],
  })
  class AppModule {}

  const warnings: string[] = [];
  const warn = (message: unknown, name: unknown): void =>
    void warnings.push(`${String(name)}: ${String(message)}`);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    transport: Transport.KAFKA,
    options: options('server'),
    logger: { log: ignore, warn, error: ignore },
  });
  await app.listen();
  const client = app.get<ClientKafka>('KAFKA');
  client.subscribeToResponseOf(requests);
  await client.connect();

  const { firstValueFrom } = await import('rxjs');
  const reply: unknown = await trace.getTracer('program').startActiveSpan('caller', async (span) => {
    await firstValueFrom(client.emit(events, { value: 'taken' }));
    const answer: unknown = await firstValueFrom(client.send(requests, { value: 'asked' }));
    span.end();
    return answer;
  });
  await handled;
  await app.close();

  return {
    nest: (require('@nestjs/core/package.json') as { version: string }).version,
    library: require.resolve('nestjs-kafka-tracing'),
    isActive: '__wrapped' in new (await import('kafkajs')).Kafka(config).producer().send,
    reply,
    warnings,
    spans: spans.map(seenOf),
  };
}

function registerSdk(): readonly ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const keep = {
    onStart: ignore,
    onEnd: (span: ReadableSpan) => void spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [keep] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return spans;
}

function ignore(): void {}

function seenOf(span: ReadableSpan): SeenSpan {
  return {
    scope: span.instrumentationScope.name,
    name: span.name,
    kind: span.kind,
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
    links: span.links.map((link) => link.context.spanId),
  };
}

run(JSON.parse(process.argv[2] as string) as TwoInstrumentations).then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error: unknown) => {
    process.stderr.write(error instanceof Error ? `${error.stack}\n` : String(error));
    process.exitCode = 1;
  },
);
