import {
  type INestApplication,
  type INestApplicationContext,
  type INestMicroservice,
  type LoggerService,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  ClientsModule,
  type CustomTransportStrategy,
  type KafkaOptions,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { KafkaTracingModule, type KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import { clientConfig, freshName } from './kafka.js';
import { afterTest } from './tracing.js';

/** What an application of a test is made of. */
export interface AppSetup extends ModuleMetadata {
  /** The module's options; `false` leaves the module out. */
  readonly tracing?: KafkaTracingModuleOptions | false;
  /** More of the server's options. */
  readonly server?: KafkaOptions['options'];
  /** How its own client connects. */
  readonly client?: NonNullable<KafkaOptions['options']>['client'];
  /** Where the application logs to; by default nowhere. */
  readonly logger?: LoggerService;
}

/** The token of the client that every application of a test has. */
export const KAFKA = 'KAFKA';

export function kafkaOptions(clientId = 'test'): NonNullable<KafkaOptions['options']> {
  return {
    client: clientConfig(clientId),
    consumer: {
      groupId: freshName(clientId),
      maxWaitTimeInMs: 50,
      retry: { initialRetryTime: 50, retries: 5 },
    },
    subscribe: { fromBeginning: true },
  };
}

/** Boots a pure microservice; it is closed after the test. */
export async function startMicroservice(
  setup: AppSetup,
  strategy?: CustomTransportStrategy,
): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(rootModule(setup), {
    ...(strategy === undefined ? serverOptions(setup) : { strategy }),
    logger: setup.logger ?? false,
    abortOnError: false,
  });
  afterTest(() => app.close());
  await app.listen();
  return app;
}

/** Boots a hybrid application, without `inheritAppConfig`; it is closed after the test. */
export async function startHybrid(setup: AppSetup): Promise<INestApplication> {
  const app = await NestFactory.create(rootModule(setup), {
    logger: setup.logger ?? false,
    abortOnError: false,
  });
  afterTest(() => app.close());
  app.connectMicroservice<MicroserviceOptions>(serverOptions(setup));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return app;
}

/** The application's client, connected; `repliesOf` are the topics that it will send requests to. */
export async function clientOf(
  app: INestMicroservice | INestApplication,
  ...repliesOf: string[]
): Promise<ClientKafka> {
  const client = app.get<ClientKafka>(KAFKA);
  repliesOf.forEach((topic) => client.subscribeToResponseOf(topic));
  await client.connect();
  return client;
}

export function rootModule({
  tracing,
  server: _server,
  logger: _logger,
  client: connection,
  ...metadata
}: AppSetup): new () => object {
  const client = {
    name: KAFKA,
    transport: Transport.KAFKA,
    options: { ...kafkaOptions('client'), ...(connection === undefined ? {} : { client: connection }) },
  } as const;
  return moduleOf({
    ...metadata,
    imports: [
      ...(tracing === false ? [] : [KafkaTracingModule.forRoot(tracing)]),
      ClientsModule.register([client]),
      ...(metadata.imports ?? []),
    ],
  });
}

/** A root module that has just this. */
export function moduleOf(metadata: ModuleMetadata): new () => object {
  @Module(metadata)
  class TestModule {}
  return TestModule;
}

/** Starts an application that has just this, and listens to nothing; it is closed after the test. */
export async function startContext(
  metadata: ModuleMetadata,
  logger: LoggerService | false = false,
): Promise<INestApplicationContext> {
  const app = await NestFactory.createApplicationContext(moduleOf(metadata), { logger, abortOnError: false });
  afterTest(() => app.close());
  return app;
}

export function serverOptions(setup: AppSetup): KafkaOptions {
  return { transport: Transport.KAFKA, options: { ...kafkaOptions('server'), ...setup.server } };
}
