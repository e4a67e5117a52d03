import { type INestApplicationContext, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, ClientsModule, type KafkaOptions, Transport } from '@nestjs/microservices';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { Ledger } from '../workload/ledger.js';
import { REQUESTS } from '../workload/topics.js';
import { CONSUMER_SETTINGS, type ClientSettings, clientSettings } from './client-settings.js';
import { EventsController } from './events.controller.js';
import { RequestsController } from './requests.controller.js';

const CLIENT = 'KAFKA';

/** As Nest makes them of the group ids below. */
export const SERVER_GROUP = 'soak-server';
export const CLIENT_GROUP = 'soak-client';

/** Starts a Nest microservice that sends to itself. */
export async function startApplication(
  brokers: readonly string[],
  ledger: Ledger,
): Promise<INestMicroservice> {
  const options = optionsOf(clientSettings(brokers));
  @Module({
    imports: [KafkaTracingModule.forRoot(), ClientsModule.register([{ name: CLIENT, ...options }])],
    controllers: [EventsController, RequestsController],
    providers: [{ provide: Ledger, useValue: ledger }],
  })
  class SoakModule {}
  const app = await NestFactory.createMicroservice<KafkaOptions>(SoakModule, {
    ...options,
    logger: false,
    abortOnError: false,
  });
  await app.listen();
  return app;
}

/** The client of the application, which can take replies. */
export async function connectedClient(app: INestApplicationContext): Promise<ClientKafka> {
  const client = app.get<ClientKafka>(CLIENT);
  client.subscribeToResponseOf(REQUESTS);
  await client.connect();
  return client;
}

function optionsOf(client: ClientSettings): KafkaOptions & { transport: Transport.KAFKA } {
  return {
    transport: Transport.KAFKA,
    options: {
      client: { ...client, clientId: 'soak' },
      consumer: { groupId: 'soak', ...CONSUMER_SETTINGS },
      subscribe: { fromBeginning: true },
      run: { partitionsConsumedConcurrently: 8 },
    },
  };
}
