import { Controller, type INestMicroservice, Module, type Type, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientKafka,
  EventPattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { KafkaTracingModule } from 'nestjs-kafka-tracing';
import { lastValueFrom } from 'rxjs';
import { FloorInterceptor } from './floor-interceptor.js';
import { type KafkaSetup, OtherServer, type Travelling, clientOf } from './kafka-of-side.js';

/** One emitted message. */
export interface Travel {
  readonly id: string;
  /** When it was emitted, by `performance.now()`. */
  readonly at: number;
}

/** A Nest application which emits to topics of its own, and handles that. */
export class Application {
  constructor(
    private readonly app: INestMicroservice,
    private readonly client: ClientKafka,
    private readonly topics: readonly string[],
    private readonly handled: Handled,
  ) {}

  /** Emits messages, so many at a time, and resolves when all are handled, with how long each was under way: milliseconds. */
  async travel(
    messages: number,
    headers: Readonly<Record<string, string>>,
    atATime: number,
  ): Promise<number[]> {
    const all = this.handled.next(messages);
    let next = 0;
    const emitOneByOne = async (): Promise<void> => {
      while (next < messages) {
        const index = next;
        next += 1;
        const value: Travel = { id: `order-${index}`, at: performance.now() };
        const topic = this.topics[index % this.topics.length]!;
        await lastValueFrom(this.client.emit(topic, { key: value.id, value, headers: { ...headers } }));
      }
    };
    const given = Array.from({ length: atATime }, emitOneByOne);
    let before = 0;
    const watch = setInterval(() => {
      const done = next + this.handled.count;
      if (done === before) {
        this.handled.giveUp(next);
      }
      before = done;
    }, STALL_MS);
    try {
      return (await Promise.all([all, ...given]))[0];
    } finally {
      clearInterval(watch);
    }
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.app.close();
  }
}

/** For so long nothing was emitted and nothing handled. */
const STALL_MS = 60_000;

/** Counts what the handler is given. */
class Handled {
  #durations: number[] = [];
  #wanted = 0;
  #resolve: (durations: number[]) => void = () => {};
  #reject: (error: Error) => void = () => {};

  get count(): number {
    return this.#durations.length;
  }

  next(wanted: number): Promise<number[]> {
    this.#durations = [];
    this.#wanted = wanted;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  giveUp(emitted: number): void {
    const counts = `emitted ${emitted}, handled ${this.count} of ${this.#wanted}`;
    this.#reject(new Error(`Nothing happened for ${STALL_MS / 1_000} s: ${counts}.`));
  }

  add({ at }: Travel): void {
    this.#durations.push(performance.now() - at);
    if (this.count === this.#wanted) {
      this.#resolve(this.#durations);
    }
  }
}

/** @param topics of this side alone */
export async function startApplication(
  side: Travelling,
  brokers: readonly string[],
  topics: readonly string[],
): Promise<Application> {
  const handled = new Handled();
  const setup: KafkaSetup = {
    client: { clientId: 'bench', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING },
    consumer: { groupId: `bench-of-${topics[0]}`, maxWaitTimeInMs: 1_000 },
    subscribe: { fromBeginning: true }, // The first are emitted before the group has met.
    producer: { createPartitioner: kafkajs.Partitioners.DefaultPartitioner },
    producerOnlyMode: false,
  };
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(rootOf(side, topics, handled), {
    ...(side === 'ours'
      ? { transport: Transport.KAFKA, options: setup }
      : { strategy: new OtherServer(side, setup) }),
    logger: false,
  });
  await app.listen();
  const client = clientOf(side, { ...setup, producerOnlyMode: true });
  await client.connect();
  // A batch of nothing makes all topics known. For each one that it does not know, kafkajs asks the broker for all, behind a
  // lock for which nobody waits long.
  await client.producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages: [] })) });
  return new Application(app, client, topics, handled);
}

function rootOf(side: Travelling, topics: readonly string[], handled: Handled): Type {
  @Controller()
  @UseInterceptors(...(side === 'floor+errors' ? [new FloorInterceptor()] : []))
  class Orders {
    @EventPattern([...topics])
    handle(@Payload() travel: Travel): void {
      handled.add(travel);
    }
  }

  @Module({ imports: side === 'ours' ? [KafkaTracingModule.forRoot()] : [], controllers: [Orders] })
  class Root {}
  return Root;
}
