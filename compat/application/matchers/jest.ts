import type { KafkaTracingMatchers } from 'nestjs-kafka-tracing/testing';

declare global {
  namespace jest {
    interface Matchers<R> extends KafkaTracingMatchers<R> {}
  }
}
