import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  type INestMicroservice,
  UseInterceptors,
} from '@nestjs/common';
import {
  type ClientKafka,
  Ctx,
  EventPattern,
  type KafkaContext,
  MessagePattern,
  RpcException,
} from '@nestjs/microservices';
import type { Context } from '@opentelemetry/api';
import type { KafkaTracing, KafkaTracingModuleOptions, TracedEventOptions } from 'nestjs-kafka-tracing';
import { type Observable, firstValueFrom, of } from 'rxjs';
import { type CommittedOffsets, committedOffsetsOf } from './committed-offsets.js';
import { type HandledOrder, handledOrder } from './handled-order.js';
import { clientConfig, freshName } from './kafka.js';
import { clientOf, startMicroservice } from './nest-app.js';
import { type Refusal, refusalOf } from './refusal.js';
import { caught } from './requests.js';
import { traceparent } from './trace-context.js';
import { until } from './until.js';
import { messagesOf } from './user-messages.js';

export type Library = typeof import('nestjs-kafka-tracing');

/** The application without the module, or with that of one copy of the library. */
export interface Tracing {
  readonly library?: Library | undefined;
  readonly options?: KafkaTracingModuleOptions;
  readonly attributes?: TracedEventOptions['attributes'];
}

/** An event that is being handled. */
export interface Happening {
  readonly order: HandledOrder;
  /** Which delivery of the round it is, from 1 on. */
  readonly times: number;
}

/** What else is said of a run. */
export interface RunSetup extends Tracing {
  /** Is called in the middle of the handling of each event. */
  readonly duringHandling?: (happening: Happening) => void | Promise<void>;
  /** What is active where messages are sent. */
  readonly caller?: () => Context;
}

/** The topics of an application; those of requests have one for their replies. */
export interface OrderTopics {
  readonly orders: string;
  readonly deadLetters: string;
  readonly requests: string;
}

/** Everything that an application and its client see of the messages of one round. */
export interface OrdersOutcome {
  readonly orders: readonly HandledOrder[];
  readonly deadLetters: readonly HandledOrder[];
  readonly answered: readonly unknown[];
  readonly reply: unknown;
  readonly streamed: unknown;
  /** What is run for a message that was kept. */
  readonly byHand: readonly string[];
  readonly refusal: unknown;
  /** Of a message that kafkajs does not send. */
  readonly unsent: Refusal | undefined;
}

/** A real application, with handlers of events and of requests, and a client. */
export class OrderApplication {
  readonly #orders: HandledOrder[] = [];
  readonly #deadLetters: HandledOrder[] = [];
  readonly #answered: unknown[] = [];
  readonly #groupId = freshName('orders');
  readonly #topics: OrderTopics;
  readonly #setup: RunSetup;
  #app: INestMicroservice | undefined;
  #client: ClientKafka | undefined;
  #kafkaTracing: KafkaTracing | undefined;

  constructor(topics: OrderTopics, setup: RunSetup = {}) {
    this.#topics = topics;
    this.#setup = setup;
  }

  /** For work by hand; there is none without the module. */
  get kafkaTracing(): KafkaTracing | undefined {
    return this.#kafkaTracing;
  }

  async start(): Promise<void> {
    const { library, options } = this.#setup;
    this.#app = await startMicroservice({
      tracing: false, // It would be of the copy that the others test with.
      imports: library === undefined ? [] : [library.KafkaTracingModule.forRoot(options)],
      controllers: [this.#controller()],
      server: {
        client: clientConfig('orders'),
        consumer: {
          groupId: this.#groupId,
          maxWaitTimeInMs: 20,
          retry: { initialRetryTime: 20, retries: 5 },
        },
      },
    });
    this.#kafkaTracing = library && this.#app.get(library.KafkaTracing);
    this.#client = await clientOf(this.#app, this.#topics.requests);
  }

  /**
   * An event that fails once, a batch of two, one that ends as a dead letter, one that says itself which span it comes from;
   * one of two topics; requests that are answered, with a stream, or refused; a message that kafkajs does not send.
   */
  async round(): Promise<OrdersOutcome> {
    const { orders, deadLetters, requests } = this.#topics;
    const client = this.#client as ClientKafka;
    [this.#orders, this.#deadLetters, this.#answered].forEach((seen) => seen.splice(0));

    await firstValueFrom(client.emit(orders, messagesOf('1')[0]));
    await firstValueFrom(client.emitBatch(orders, { messages: messagesOf('2', '3') }));
    await client.producer.sendBatch({
      topicMessages: [orders, deadLetters].map((topic) => ({ topic, messages: messagesOf('wide') })),
    });
    await firstValueFrom(client.emit(orders, messagesOf('dead')[0]));
    await firstValueFrom(client.emit(orders, { value: 'preset', headers: { TraceParent: traceparent(1) } }));
    const unsent = await refusalOf(() =>
      client.producer.send({ topic: orders, messages: [{ value: 'unsent', headers: { a: 7 as never } }] }),
    );
    const reply = await firstValueFrom(client.send<unknown>(requests, messagesOf('good')[0]));
    const streamed = await firstValueFrom(client.send<unknown>(requests, messagesOf('streamed')[0]));
    const refusal = await caught(firstValueFrom(client.send(requests, messagesOf('bad')[0])));
    // Where that fails, it is for whoever asked to know.
    await caught((async () => this.#kafkaTracing?.diagnose())());
    await caught((async () => this.#kafkaTracing?.extract(this.#kafkaTracing.inject()))());
    await until('all was handled', () => this.#orders.length >= 7 && this.#deadLetters.length > 1);
    return {
      orders: [...this.#orders],
      deadLetters: [...this.#deadLetters],
      answered: [...this.#answered],
      reply,
      streamed,
      byHand: this.#byHand(),
      refusal,
      unsent,
    };
  }

  #byHand(): readonly string[] {
    const runs: string[] = [];
    const run = (): void => void runs.push('run');
    if (this.#kafkaTracing === undefined) {
      run();
    } else {
      this.#kafkaTracing.runInContextOf({ headers: { traceparent: traceparent(2) } }, run);
    }
    return runs;
  }

  /** Closes it, and tells what its group has committed. */
  async close(): Promise<CommittedOffsets> {
    await this.#app?.close();
    return committedOffsetsOf(`${this.#groupId}-server`, { ...this.#topics });
  }

  #controller(): new () => object {
    const { orders, deadLetters, requests } = this.#topics;
    const { library, attributes = () => ({ team: 'orders' }) } = this.#setup;
    const on = (pattern: MethodDecorator): MethodDecorator =>
      library === undefined ? pattern : both(pattern, library.TracedEvent({ span: 'step', attributes }));
    const onlyAttributes = (pattern: MethodDecorator): MethodDecorator =>
      library === undefined ? pattern : both(pattern, library.TracedEvent({ attributes }));
    const handle = (kafka: KafkaContext) => this.#handle(kafka);
    const giveUp = (kafka: KafkaContext) => void this.#deadLetters.push(handledOrder(kafka));
    const answer = (order: string) => this.#answer(order);

    @Controller()
    class Orders {
      @on(EventPattern<string>(orders))
      async handle(@Ctx() kafka: KafkaContext): Promise<void> {
        await handle(kafka);
      }

      @onlyAttributes(EventPattern<string>(deadLetters))
      @UseInterceptors({ intercept: passOn })
      giveUp(@Ctx() kafka: KafkaContext): void {
        giveUp(kafka);
      }

      @on(MessagePattern<string>(requests))
      answer(order: string): string | Observable<string> {
        return answer(order);
      }
    }
    return Orders;
  }

  async #handle(kafka: KafkaContext): Promise<void> {
    const order = handledOrder(kafka);
    this.#orders.push(order);
    await this.#setup.duringHandling?.({ order, times: this.#orders.length });
    if (this.#orders.length === 1) {
      throw new Error('once');
    }
    if (order.value === 'dead') {
      const { key, value, headers } = kafka.getMessage();
      const topic = this.#topics.deadLetters;
      const plain = { topic, messages: [{ key: key ?? null, value, headers: { ...headers } }] };
      const record = this.#kafkaTracing?.deadLetter(kafka, new RangeError('dead'), topic) ?? plain;
      await kafka.getProducer().send(record);
    }
  }

  #answer(order: string): string | Observable<string> {
    this.#answered.push(order);
    if (order === 'bad') {
      throw new RpcException('refused');
    }
    const answer = `${order} is answered`;
    return order === 'streamed' ? of(answer) : answer;
  }
}

/** An interceptor of the user's own. */
function passOn(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
  return next.handle();
}

function both(...decorators: readonly MethodDecorator[]): MethodDecorator {
  return (...target) => decorators.forEach((decorate) => void decorate(...target));
}
