import type { INestMicroservice, ModuleMetadata } from '@nestjs/common';
import type { ClientKafka, KafkaOptions } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import type { Consumer, Kafka, Producer } from 'kafkajs';
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
  static #open = 0;

  private constructor(
    readonly without: Twin,
    readonly traced: Twin,
  ) {}

  /**
   * Those without come first: the module reaches Nest's classes for good, and whatever they make afterwards, also for
   * applications that do not import it.
   *
   * @throws Error where one without would be reached: in this process the module was made before
   */
  static async startAll(setups: readonly PairSetup[]): Promise<readonly ApplicationPair[]> {
    registerWholeSdk();
    const without = await Promise.all(setups.map((setup) => startTwin(setup, false)));
    without.forEach(requireUntraced);
    const traced = await Promise.all(setups.map((setup) => startTwin(setup, setup.tracing ?? {})));
    ApplicationPair.#open += setups.length;
    return without.map((twin, index) => new ApplicationPair(twin, traced[index] as Twin));
  }

  /** Does the same with both, at the same time; first the outcome of the one without. */
  both<T>(work: (twin: Twin) => Promise<T>): Promise<readonly [without: T, traced: T]> {
    return Promise.all([work(this.without), work(this.traced)]);
  }

  async close(): Promise<void> {
    await Promise.all([this.without.app.close(), this.traced.app.close()]);
    ApplicationPair.#open -= 1;
    if (ApplicationPair.#open === 0) {
      unregisterWholeSdk();
    }
  }
}

const setups: PairSetup[] = [];
let pairs: Promise<readonly ApplicationPair[]> | undefined;

/** A pair of this file, for a part of it; all those of a file are started together, before the first test of any. */
export function useApplicationPair(setup: PairSetup): () => ApplicationPair {
  const index = setups.push(setup) - 1;
  let pair: ApplicationPair | undefined;
  beforeAll(async () => {
    pairs ??= ApplicationPair.startAll(setups);
    pair = (await pairs)[index];
  });
  afterAll(() => pair?.close());
  return () => pair as ApplicationPair;
}

/** The functions are kafkajs's own. */
function requireUntraced({ app, producer }: Twin): void {
  const [, consumer] = app.unwrap<[Kafka, Consumer, Producer]>();
  const names = [producer.send.name, producer.sendBatch.name, consumer.run.name];
  if (String(names) !== 'send,sendBatch,run') {
    throw new Error(`The application without the module is traced: it has ${String(names)}.`);
  }
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
