import type { Context } from '@opentelemetry/api';
import type { IHeaders, Kafka, KafkaMessage, ProducerRecord } from 'kafkajs';
import { describe, expect, it } from 'tstyche';
import { type KafkaTracing, type KafkaTracingDiagnosis, traceKafka } from 'nestjs-kafka-tracing';

declare const tracing: KafkaTracing;
declare const message: KafkaMessage;
declare const kafka: Kafka & { readonly own: true };

describe('KafkaTracing', () => {
  it('writes headers that kafkajs sends', () => {
    expect(tracing.inject()).type.toBe<IHeaders>();
    expect(tracing.inject({ tenant: 'shop' })).type.toBe<IHeaders>();
    expect(tracing.inject).type.not.toBeCallableWith('tenant');
  });

  it('reads headers of any shape', () => {
    expect(tracing.extract(message.headers)).type.toBe<Context>();
    expect(tracing.extract({ traceparent: ['a', Buffer.from('b')], other: 1 })).type.toBe<Context>();
    expect(tracing.extract(null)).type.toBe<Context>();
  });

  it('gives back what runs in the context of a message', () => {
    expect(tracing.runInContextOf(message, () => 1)).type.toBe<number>();
    expect(tracing.runInContextOf(message, () => Promise.resolve('a'))).type.toBe<Promise<string>>();
  });

  it('makes a record that kafkajs sends', () => {
    const given = { topic: 'order-events', partition: 0, message };
    expect(tracing.deadLetter(given, new Error('no'))).type.toBe<ProducerRecord>();
    expect(tracing.deadLetter(given, 'no', 'lost')).type.toBe<ProducerRecord>();
    expect(tracing.deadLetter).type.not.toBeCallableWith(message, new Error('no'));
  });

  it('tells what is traced', () => {
    expect(tracing.diagnose()).type.toBe<KafkaTracingDiagnosis>();
  });
});

describe('traceKafka', () => {
  it('gives back the very Kafka, of its own type', () => {
    expect(traceKafka(kafka)).type.toBe<Kafka & { readonly own: true }>();
    expect(traceKafka).type.toBeCallableWith(kafka, {
      clientId: 'orders',
      brokers: ['a:9092'],
      trace: false,
    });
    expect(traceKafka).type.not.toBeCallableWith({});
    expect(traceKafka).type.not.toBeCallableWith(kafka, { broker: 'a:9092' });
  });
});
