import { EventEmitter, once } from 'node:events';
import { Controller, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  ClientsModule,
  EventPattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { KafkaConfig } from 'kafkajs';
import { KafkaTracing, type KafkaTracingDiagnosis, KafkaTracingModule } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';

/** What the program is told. */
export interface LifeOfAnApplication {
  readonly config: KafkaConfig & { readonly brokers: string[] };
  readonly events: string;
  /** What a hook sends to when the application is closed. */
  readonly farewells: string;
}

/** What the program tells. */
export interface Lived {
  /** What our module logged. */
  readonly log: readonly string[];
  readonly diagnosis: KafkaTracingDiagnosis;
  /** Ends of spans and of exports, in their order. */
  readonly order: readonly string[];
  /** Whether Nest ran the handler without making a stream of its result. */
  readonly isWithoutStreams: boolean;
}

async function run({ config, events, farewells }: LifeOfAnApplication): Promise<Lived> {
  const order = registerSdk();
  const options = (name: string) => ({
    client: { ...config, clientId: name },
    consumer: { groupId: `${events}-${name}`, maxWaitTimeInMs: 50 },
    subscribe: { fromBeginning: true },
  });
  const happened = new EventEmitter();
  const started = once(happened, 'started');
  const closing = once(happened, 'closing');
  let isWithoutStreams = false;

  @Controller()
  class Orders {
    @EventPattern<string>(events)
    async take(): Promise<void> {
      Error.stackTraceLimit = 50;
      isWithoutStreams = new Error().stack?.includes('interceptAlone') === true;
      happened.emit('started');
      await closing;
      order.push('handled');
    }
  }

  @Global()
  @Module({})
  class FarewellModule implements OnApplicationShutdown {
    constructor(@Inject('FAREWELL') private readonly client: ClientKafka) {}

    async onApplicationShutdown(): Promise<void> {
      await firstValueFrom(this.client.emit(farewells, { value: 'bye' }), { defaultValue: undefined });
    }
  }

  const client = { name: 'FAREWELL', transport: Transport.KAFKA, options: options('client') } as const;
  const clients = ClientsModule.register({ isGlobal: true, clients: [client] });

  @Module({ imports: [clients, FarewellModule, KafkaTracingModule.forRoot()], controllers: [Orders] })
  class AppModule {}

  const log: string[] = [];
  const keep = (message: unknown, name: unknown): void => {
    if (name === 'KafkaTracing') {
      log.push(String(message));
    }
  };
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    transport: Transport.KAFKA,
    options: options('server'),
    logger: { log: keep, warn: keep, error: ignore },
  });
  await app.listen();
  await firstValueFrom(app.get<ClientKafka>('FAREWELL').emit(events, { value: 'taken' }));
  await started;
  const diagnosis = app.get(KafkaTracing).diagnose();
  const closed = app.close();
  happened.emit('closing');
  await closed;
  return { log, diagnosis, order, isWithoutStreams };
}

function ignore(): void {}

/** Returns what happens to its spans, as it happens. */
function registerSdk(): string[] {
  const order: string[] = [];
  const onEnd = ({ name }: ReadableSpan): void => void order.push(name);
  const forceFlush = async (): Promise<void> => void order.push('exported');
  const processor = { onStart: ignore, onEnd, forceFlush, shutdown: async () => {} };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return order;
}

run(JSON.parse(process.argv[2] as string) as LifeOfAnApplication).then(
  (lived) => process.stdout.write(JSON.stringify(lived)),
  (error: unknown) => {
    process.stderr.write(error instanceof Error ? `${error.stack}\n` : String(error));
    process.exitCode = 1;
  },
);
