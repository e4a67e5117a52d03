import { expect } from 'vitest';
import { type KafkaTracingMatchers, kafkaTracingMatchers } from '../../lib/testing/matchers.js';

declare module 'vitest' {
  interface Matchers<T> extends KafkaTracingMatchers<T> {}
}

expect.extend(kafkaTracingMatchers);
