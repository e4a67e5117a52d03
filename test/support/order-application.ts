import { Controller } from '@nestjs/common';
import {
  type ClientKafka,
  Ctx,
  EventPattern,
  type KafkaContext,
  MessagePattern,
  RpcException,
} from '@nestjs/microservices';
import type { KafkaTracing, KafkaTracingModuleOptions, TracedEventOptions } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { clientConfig, freshName } from './kafka.js';
import { type CommittedOffsets, committedOffsetsOf } from './committed-offsets.js';
import { type HandledOrder, handledOrder } from './handled-order.js';
import { clientOf, startMicroservice } from './nest-app.js';
import { caught } from './requests.js';
import { until } from './until.js';
import { messagesOf } from './user-messages.js';

export type Library = typeof import('nestjs-kafka-tracing');

/** The application without the module, or with that of one copy of the library. */
export interface Tracing {
  readonly library?: Library | undefined;
  readonly options?: KafkaTracingModuleOptions;
  readonly attributes?: TracedEventOptions['attributes'];
}

/** The topics of one run; those of requests have one for their replies. */
export interface OrderTopics {
  readonly orders: string;
  readonly deadLetters: string;
  readonly requests: string;
}

/** Everything that an application and its client see of their messages. */
export interface OrdersOutcome {
  readonly orders: readonly HandledOrder[];
  readonly deadLetters: readonly HandledOrder[];
  readonly answered: readonly unknown[];
  readonly reply: unknown;
  readonly refusal: unknown;
  readonly committed: CommittedOffsets;
}

/**
 * What becomes of an event that fails once, of a batch of two, of one that ends as a dead letter, of a request that is answered
 * and of one that is refused, in a real application that is started for it, and closed.
 */
export async function ordersOutcome(topics: OrderTopics, tracing: Tracing = {}): Promise<OrdersOutcome> {
  const { library, options = {} } = tracing;
  const orders: HandledOrder[] = [];
  const deadLetters: HandledOrder[] = [];
  const answered: unknown[] = [];
  let kafkaTracing: KafkaTracing | undefined;

  const on = (topic: string, pattern: MethodDecorator): MethodDecorator =>
    library === undefined ? pattern : both(pattern, library.TracedEvent(stepOf(topic, tracing)));

  @Controller()
  class Orders {
    @on(topics.orders, EventPattern<string>(topics.orders))
    async handle(@Ctx() kafka: KafkaContext): Promise<void> {
      const order = handledOrder(kafka);
      orders.push(order);
      if (orders.length === 1) {
        throw new Error('once');
      }
      if (order.value === 'dead') {
        await kafka.getProducer().send(deadLetterOf(kafka));
      }
    }

    @on(topics.deadLetters, EventPattern<string>(topics.deadLetters))
    giveUp(@Ctx() kafka: KafkaContext): void {
      deadLetters.push(handledOrder(kafka));
    }

    @on(topics.requests, MessagePattern<string>(topics.requests))
    answer(order: string): string {
      answered.push(order);
      if (order === 'bad') {
        throw new RpcException('refused');
      }
      return `${order} is answered`;
    }
  }

  function deadLetterOf(kafka: KafkaContext) {
    const { key, value, headers } = kafka.getMessage();
    return (
      kafkaTracing?.deadLetter(kafka, new RangeError('dead'), topics.deadLetters) ?? {
        topic: topics.deadLetters,
        messages: [{ key: key ?? null, value, headers: { ...headers } }],
      }
    );
  }

  const groupId = freshName('orders');
  const app = await startMicroservice({
    tracing: false, // It would be of the copy that the others test with.
    imports: library === undefined ? [] : [library.KafkaTracingModule.forRoot(options)],
    controllers: [Orders],
    server: { client: clientConfig('orders'), consumer: { groupId, maxWaitTimeInMs: 20, retry: RETRY } },
  });
  kafkaTracing = library && app.get(library.KafkaTracing);
  const client = await clientOf(app, topics.requests);

  await emitOrder(client, topics.orders, '1');
  await firstValueFrom(client.emitBatch(topics.orders, { messages: messagesOf('2', '3') }));
  await emitOrder(client, topics.orders, 'dead');
  const reply = await firstValueFrom(client.send<unknown>(topics.requests, messagesOf('good')[0]));
  const refusal = await caught(firstValueFrom(client.send(topics.requests, messagesOf('bad')[0])));
  await until('all was handled', () => orders.length >= 5 && deadLetters.length >= 1);
  kafkaTracing?.diagnose();
  await app.close();

  const committed = await committedOffsetsOf(`${groupId}-server`, {
    orders: topics.orders,
    deadLetters: topics.deadLetters,
    requests: topics.requests,
  });
  return { orders, deadLetters, answered, reply, refusal, committed };
}

const RETRY = { initialRetryTime: 20, retries: 5 };

function stepOf(topic: string, { attributes = () => ({ topic }) }: Tracing): TracedEventOptions {
  return { span: `handle ${topic}`, attributes };
}

function both(...decorators: readonly MethodDecorator[]): MethodDecorator {
  return (...target) => decorators.forEach((decorate) => void decorate(...target));
}

async function emitOrder(client: ClientKafka, topic: string, value: string): Promise<void> {
  await firstValueFrom(client.emit(topic, messagesOf(value)[0]));
}
