import type { Kafka, Producer, Transaction } from 'kafkajs';
import { type TraceKafkaOptions, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { connected, freshName, plainKafka } from './kafka.js';

/** A connected producer that may begin transactions. */
export function transactional(kafka: Kafka, transactionalId = freshName('tx')): Promise<Producer> {
  return connected(kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 }));
}

/** From now on the broker refuses what the producer that had this id does in its transaction. */
export async function fence(transactionalId: string): Promise<void> {
  await (await transactional(plainKafka(), transactionalId)).transaction();
}

/** A traced producer whose driver, that is never connected, has a transaction that answers on cue. */
export function doubledTransaction(answers: Partial<Transaction>, options: TraceKafkaOptions = {}) {
  const kafka = plainKafka();
  const driver = kafka.producer();
  const transaction: Transaction = {
    send: async () => [],
    sendBatch: async () => [],
    sendOffsets: async () => {},
    commit: async () => {},
    abort: async () => {},
    isActive: () => true,
    ...answers,
  };
  const own = { ...transaction };
  driver.transaction = async () => transaction;
  kafka.producer = () => driver;
  return { producer: traceKafka(kafka, options).producer(), transaction, own };
}
