import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Controller, type INestMicroservice, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  ClientsModule,
  type KafkaOptions,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { KafkaTracing, KafkaTracingModule, TracedEvent } from 'nestjs-kafka-tracing';

/** How Node has loaded this file: only CommonJS files have a `require`. */
export const MODULES = typeof require === 'function' ? 'commonjs' : 'esm';

const run = randomUUID().slice(0, 8);
/** Of this process alone: one broker may serve many, one after the other. */
export const TOPICS = { orders: `orders-${run}`, sums: `sums-${run}` } as const;

export const CLIENT = 'KAFKA';

export interface Order {
  readonly id: string;
}

export interface Sum {
  readonly sum: number;
}

@Injectable()
export class Mailbox {
  readonly orders: Order[] = [];
  /** The propagation headers of the context that each order was handled in. */
  readonly headers: ReturnType<KafkaTracing['inject']>[] = [];

  constructor(private readonly tracing: KafkaTracing) {}

  put(order: Order): void {
    this.orders.push(order);
    this.headers.push(this.tracing.inject());
  }
}

@Controller()
class OrdersController {
  constructor(private readonly mailbox: Mailbox) {}

  @TracedEvent(TOPICS.orders, {
    span: 'handle_order',
    attributes: (order: Order) => ({ 'order.id': order.id }),
  })
  handle(@Payload() order: Order): void {
    this.mailbox.put(order);
  }

  @MessagePattern<string>(TOPICS.sums)
  add(@Payload() numbers: readonly number[]): Sum {
    return { sum: numbers.reduce((sum, number) => sum + number, 0) };
  }
}

/** Connects the application to the brokers, as a server and as a client; resolves when both are ready. */
export async function startApplication(brokers: readonly string[]): Promise<INestMicroservice> {
  const kafka = (clientId: string) =>
    ({
      transport: Transport.KAFKA,
      options: {
        client: { clientId, brokers: [...brokers] },
        consumer: { groupId: `${clientId}-${run}` },
        subscribe: { fromBeginning: true },
      },
    }) as const satisfies KafkaOptions;

  @Module({
    imports: [KafkaTracingModule.forRoot(), ClientsModule.register([{ name: CLIENT, ...kafka('client') }])],
    controllers: [OrdersController],
    providers: [Mailbox],
  })
  class AppModule {}

  const options: MicroserviceOptions = kafka('server');
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    ...options,
    logger: ['error', 'warn'],
  });
  await app.listen();
  const client = app.get<ClientKafka>(CLIENT);
  client.subscribeToResponseOf(TOPICS.sums);
  await client.connect();
  return app;
}
