import 'vitest';
import type { KafkaTracingMatchers } from 'nestjs-kafka-tracing/testing';

declare module 'vitest' {
  interface Matchers<T> extends KafkaTracingMatchers<T> {}
}
