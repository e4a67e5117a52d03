import { Module } from '@nestjs/common';
import { KafkaTracing, KafkaTracingModule, TracedEvent, traceKafka } from 'nestjs-kafka-tracing';
import { EmbeddedKafka, SpanRecorder } from 'nestjs-kafka-tracing/testing';
import { Kafka } from 'kafkajs';

class Notifications {
  constructor(readonly tracing: KafkaTracing) {}

  @TracedEvent('order-events', { attributes: (order: { id: string }) => ({ 'order.id': order.id }) })
  notify(order: { id: string }): string {
    return order.id;
  }
}

@Module({ imports: [KafkaTracingModule.forRoot({ relation: 'both' })], providers: [Notifications] })
export class AppModule {}

export const kafka: Kafka = traceKafka(new Kafka({ brokers: ['127.0.0.1:9092'] }));
export const started: Promise<EmbeddedKafka> = EmbeddedKafka.start();
export const spans = new SpanRecorder();
