import type { Producer } from 'kafkajs';
import { vi } from 'vitest';
import { type TraceKafkaOptions, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { plainKafka } from './kafka.js';

/** A traced producer whose driver answers on cue. */
export function doubled(answer: Producer['send'], options: TraceKafkaOptions = {}) {
  const kafka = plainKafka();
  const driver = kafka.producer();
  const send = vi.fn(answer);
  const sendBatch = vi.fn<Producer['sendBatch']>(async () => []);
  Object.assign(driver, { send, sendBatch });
  kafka.producer = () => driver;
  return { producer: traceKafka(kafka, options).producer(), send, sendBatch };
}
