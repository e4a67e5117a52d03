import 'vitest';
import type { KafkaTracingMatchers } from 'nestjs-kafka-tracing/testing';

declare module 'vitest' {
  interface Matchers<R, T> extends KafkaTracingMatchers<R> {}
}
