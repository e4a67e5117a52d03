import tracing = require('nestjs-kafka-tracing');
import testing = require('nestjs-kafka-tracing/testing');
import kafkajs = require('kafkajs');

export const module_ = tracing.KafkaTracingModule.forRoot({ trust: 'restart' });
export const decorator: MethodDecorator = tracing.TracedEvent('order-events');
export const kafka: kafkajs.Kafka = tracing.traceKafka(new kafkajs.Kafka({ brokers: ['127.0.0.1:9092'] }));
export const started: Promise<testing.EmbeddedKafka> = testing.EmbeddedKafka.start();

export function isOurs(error: unknown): error is tracing.KafkaTracingError {
  return error instanceof tracing.KafkaTracingError;
}
