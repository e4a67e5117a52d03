import type { INestMicroservice, ModuleMetadata } from '@nestjs/common';
import type { ClientKafka, KafkaOptions } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import type { Producer } from 'kafkajs';
import { afterAll, beforeAll } from 'vitest';
import { type CommittedOffsets, committedOffsetsOf } from './committed-offsets.js';
import { clientConfig, createTopics, freshName } from './kafka.js';
import { clientOf, startMicroservice } from './nest-app.js';
import { RecordingSockets } from './recording-sockets.js';
import { registerWholeSdk, unregisterWholeSdk } from './whole-sdk.js';

/** One of two applications that differ in the module, and in the names of their topics. */
export interface Twin {
  /** The name of a topic of this one. */
  readonly topicOf: (name: string) => string;
  readonly app: INestMicroservice;
  readonly client: ClientKafka;
  /** The one that the client sends with. */
  readonly producer: Producer;
  /** Of the client. */
  readonly sockets: RecordingSockets;
  /** Of the server, whose group handles the messages. */
  readonly serverSockets: RecordingSockets;
  /** What its group has committed by now. */
  readonly committed: () => Promise<CommittedOffsets>;
}

export interface PairSetup {
  /** By their names, how many partitions each topic has. */
  readonly topics: Readonly<Record<string, number>>;
  /** Topics for requests, too. */
  readonly requests?: readonly string[];
  readonly tracing?: KafkaTracingModuleOptions;
  /** What handles the messages: made for each of the two, since a topic is named in a decorator. */
  readonly metadata?: (topicOf: Twin['topicOf']) => ModuleMetadata;
  readonly server?: KafkaOptions['options'];
}

/** An application without the module and the same one with it, over topics of the same kind, at the same time. */
export class ApplicationPair {
  private constructor(
    readonly without: Twin,
    readonly traced: Twin,
  ) {}

  /** Nothing reaches the one without, also afterwards: it has all its connections before the module is made. */
  static async start(setup: PairSetup): Promise<ApplicationPair> {
    registerWholeSdk();
    const without = await startTwin(setup, false);
    const traced = await startTwin(setup, setup.tracing ?? {});
    return new ApplicationPair(without, traced);
  }

  /** Does the same with both, at the same time; first the outcome of the one without. */
  both<T>(work: (twin: Twin) => Promise<T>): Promise<readonly [without: T, traced: T]> {
    return Promise.all([work(this.without), work(this.traced)]);
  }

  async close(): Promise<void> {
    await Promise.all([this.without.app.close(), this.traced.app.close()]);
    unregisterWholeSdk();
  }
}

/** The pair of a file, or of a part of it. */
export function useApplicationPair(setup: PairSetup): () => ApplicationPair {
  let pair: ApplicationPair | undefined;
  beforeAll(async () => {
    pair = await ApplicationPair.start(setup);
  });
  afterAll(() => pair?.close());
  return () => pair as ApplicationPair;
}

async function startTwin(setup: PairSetup, tracing: KafkaTracingModuleOptions | false): Promise<Twin> {
  const { topics, requests = [], metadata, server } = setup;
  const suffix = freshName('').slice(1); // Of the same length for both: their requests are to have the same length.
  const topicOf = (name: string): string => `${name}-${suffix}`;
  for (const partitions of new Set(Object.values(topics))) {
    const names = Object.keys(topics).filter((name) => topics[name] === partitions);
    await createTopics(names.map(topicOf), partitions);
  }
  if (requests.length > 0) {
    await createTopics(requests.flatMap((name) => [topicOf(name), `${topicOf(name)}.reply`]));
  }
  const [sockets, serverSockets] = [new RecordingSockets(), new RecordingSockets()];
  const groupId = freshName('twin');
  const app = await startMicroservice({
    ...metadata?.(topicOf),
    tracing,
    client: { ...clientConfig('twin'), socketFactory: sockets.factory },
    server: {
      ...server,
      client: { ...clientConfig('twin'), socketFactory: serverSockets.factory },
      consumer: { groupId, maxWaitTimeInMs: 20, retry: { initialRetryTime: 20, retries: 5 } },
    },
  });
  const client = await clientOf(app, ...requests.map(topicOf));
  const { producer } = client;
  const named = Object.fromEntries(
    [...Object.keys(topics), ...requests].map((name) => [name, topicOf(name)]),
  );
  const committed = () => committedOffsetsOf(`${groupId}-server`, named);
  return { topicOf, app, client, producer, sockets, serverSockets, committed };
}
