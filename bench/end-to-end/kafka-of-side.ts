import { ClientKafka, type KafkaOptions, ServerKafka } from '@nestjs/microservices';
import kafkajs, { type Consumer, type ConsumerRunConfig, type Kafka, type Producer } from 'kafkajs';
import { floorEachMessage, floorProducer } from '../floor.js';

/**
 * The sides whose messages really go through Kafka. The floor wraps the driver, and so sees of a handler's exception what a
 * filter of Nest made of it; `floor+errors` sees it itself, as ours does.
 */
export const TRAVELLING = ['untraced', 'floor', 'floor+errors', 'ours'] as const;
export type Travelling = (typeof TRAVELLING)[number];

export type KafkaSetup = NonNullable<KafkaOptions['options']>;

/** A driver that our module does not know of, as Nest would make it; with or without the floor. */
function makeKafka(side: Travelling, { client }: KafkaSetup): Kafka {
  const kafka = new kafkajs.Kafka(client!);
  if (side === 'untraced') {
    return kafka;
  }
  const { producer, consumer } = kafka;
  return Object.assign(kafka, {
    producer: (...args: Parameters<Kafka['producer']>): Producer =>
      floorProducer(producer.apply(kafka, args)),
    consumer: (...args: Parameters<Kafka['consumer']>): Consumer =>
      floorConsumer(consumer.apply(kafka, args)),
  });
}

function floorConsumer(consumer: Consumer): Consumer {
  const { run } = consumer;
  return Object.assign(consumer, {
    run: ({ eachMessage, ...rest }: ConsumerRunConfig = {}) =>
      run({ ...rest, ...(eachMessage && { eachMessage: floorEachMessage(eachMessage) }) }),
  });
}

export function clientOf(side: Travelling, setup: KafkaSetup): ClientKafka {
  return side === 'ours' ? new ClientKafka(setup) : new OtherClient(side, setup);
}

class OtherClient extends ClientKafka {
  constructor(
    private readonly side: Travelling,
    private readonly setup: KafkaSetup,
  ) {
    super(setup);
  }

  override async createClient<T>(): Promise<T> {
    return makeKafka(this.side, this.setup) as T;
  }
}

export class OtherServer extends ServerKafka {
  constructor(
    private readonly side: Travelling,
    private readonly setup: KafkaSetup,
  ) {
    super(setup);
  }

  override async createClient<T>(): Promise<T> {
    return makeKafka(this.side, this.setup) as T;
  }
}
