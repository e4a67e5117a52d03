import { createRequire } from 'node:module';
import type {
  Consumer,
  ConsumerRunConfig,
  EachBatchHandler,
  EachMessageHandler,
  Kafka,
  Producer,
  ProducerRecord,
  RecordMetadata,
} from 'kafkajs';

/** The module that instrumentations patch: they hook `require`. */
export const kafkajs = createRequire(import.meta.url)('kafkajs') as typeof import('kafkajs');

export const CLIENT_ID = 'bench';
export const BROKERS = ['127.0.0.1:9092'];
export const GROUP_ID = 'bench-group';

const { producer: makeProducer, consumer: makeConsumer } = kafkajs.Kafka.prototype;
const SENT: RecordMetadata[] = [{ topicName: 'orders', partition: 1, errorCode: 0, baseOffset: '42' }];

/** The handlers that an idle consumer was started with, as a driver would call them. */
interface Running {
  eachMessage?: EachMessageHandler;
  eachBatch?: EachBatchHandler;
}

const running = new WeakMap<Consumer, Running>();

let last: ProducerRecord | undefined;

function sendNothing(record: ProducerRecord): Promise<RecordMetadata[]> {
  last = record;
  return Promise.resolve(SENT);
}

/** What reached the driver last, and is forgotten with that; `undefined` for nothing. */
export function takeLastSent(): ProducerRecord | undefined {
  const record = last;
  last = undefined;
  return record;
}

// Beneath whatever patches the prototype later: kafkajs's own objects, which send and fetch nothing.
kafkajs.Kafka.prototype.producer = function idleProducer(this: Kafka, config) {
  return Object.assign(makeProducer.call(this, config), { send: sendNothing });
};
kafkajs.Kafka.prototype.consumer = function idleConsumer(this: Kafka, config) {
  const consumer = makeConsumer.call(this, config);
  const run = ({ eachMessage, eachBatch }: ConsumerRunConfig = {}): Promise<void> => {
    running.set(consumer, { ...(eachMessage && { eachMessage }), ...(eachBatch && { eachBatch }) });
    return Promise.resolve();
  };
  return Object.assign(consumer, { run });
};
const { producer: idleProducer, consumer: idleConsumer } = kafkajs.Kafka.prototype;

/** A Kafka that costs nothing: as it is, whatever patched the prototype meanwhile. */
export function idleKafka(): Kafka {
  const kafka = patchedIdleKafka();
  for (const [name, value] of Object.entries({ producer: idleProducer, consumer: idleConsumer })) {
    Object.defineProperty(kafka, name, { value, configurable: true, writable: true });
  }
  return kafka;
}

/** And with the patches. */
export function patchedIdleKafka(): Kafka {
  return new kafkajs.Kafka({ clientId: CLIENT_ID, brokers: BROKERS, logLevel: kafkajs.logLevel.NOTHING });
}

export function producerOf(kafka: Kafka): Producer {
  return kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
}

/** What the driver would call for each message. */
export async function eachMessageOf(
  kafka: Kafka,
  eachMessage: EachMessageHandler,
): Promise<EachMessageHandler> {
  const consumer = kafka.consumer({ groupId: GROUP_ID });
  await consumer.run({ eachMessage });
  return running.get(consumer)!.eachMessage!;
}

export async function eachBatchOf(kafka: Kafka, eachBatch: EachBatchHandler): Promise<EachBatchHandler> {
  const consumer = kafka.consumer({ groupId: GROUP_ID });
  await consumer.run({ eachBatch });
  return running.get(consumer)!.eachBatch!;
}
