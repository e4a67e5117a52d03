import { Kafka, type ConsumerRunConfig, type EachMessageHandler, type Message, type Producer } from 'kafkajs';
import { type TraceKafkaOptions, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { clientConfig, connected, freshName, plainKafka } from './kafka.js';

/** A kafkajs that is traced, and tells the tracing who it is. */
export function tracedKafka(options: TraceKafkaOptions = {}): Kafka {
  const { clientId, brokers } = clientConfig('traced');
  return traceKafka(new Kafka(clientConfig('traced')), { clientId: clientId as string, brokers, ...options });
}

/** A connected producer whose sends are traced. */
export function tracedProducer(options: TraceKafkaOptions = {}): Promise<Producer> {
  return connected(tracedKafka(options).producer());
}

/** A connected producer that nothing of ours has touched. */
export function plainProducer(): Promise<Producer> {
  return connected(plainKafka().producer());
}

/** Runs a consumer on a topic, or on several, from its beginning, until the test is over; returns its group. */
export async function consume(
  kafka: Kafka,
  topic: string | string[],
  handle: EachMessageHandler | ConsumerRunConfig,
): Promise<string> {
  const groupId = freshName('group');
  const retry = { initialRetryTime: 50, retries: 5 };
  const consumer = await connected(kafka.consumer({ groupId, maxWaitTimeInMs: 50, retry }));
  await consumer.subscribe({ topics: [topic].flat(), fromBeginning: true });
  await consumer.run(typeof handle === 'function' ? { eachMessage: handle } : handle);
  return groupId;
}

/** Sends one message with a producer. */
export async function sendOne(producer: Producer, topic: string, message: Partial<Message> = {}) {
  return producer.send({ topic, messages: [{ value: 'v', ...message }] });
}
