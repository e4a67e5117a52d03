import type { Admin, Kafka, Producer, Transaction } from 'kafkajs';
import { beforeAll } from 'vitest';
import { type TraceKafkaOptions, traceKafka } from '../../lib/kafkajs/trace-kafka.js';
import { connected, freshName, plainKafka } from './kafka.js';
import { until } from './until.js';

/** A connected producer that may begin transactions. */
export function transactional(kafka: Kafka, transactionalId = freshName('tx')): Promise<Producer> {
  return connected(kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 }));
}

/** From now on the broker refuses what the producer that had this id does in its transaction. */
export async function fence(transactionalId: string): Promise<void> {
  await (await transactional(plainKafka(), transactionalId)).transaction();
}

/**
 * Transactions can begin in the tests of this file, and offsets be sent to them. On a broker that has never had one, or a
 * group, it makes topics of its own first, for which kafkajs does not always wait.
 */
export function useCoordinators(): void {
  beforeAll(async () => {
    await withAdmin((admin) =>
      until('there is a coordinator of groups', () =>
        succeeds(() => admin.fetchOffsets({ groupId: freshName('group') })),
      ),
    );
    const producer = plainKafka().producer({
      transactionalId: freshName('tx'),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    await until('there is a coordinator of transactions', () =>
      succeeds(async () => (await producer.transaction()).abort()),
    );
    await producer.disconnect();
  });
}

async function succeeds(attempt: () => Promise<unknown>): Promise<boolean> {
  return attempt().then(
    () => true,
    () => false,
  );
}

/**
 * What a group has committed of a topic with one partition, once it has committed anything of it. The broker makes offsets
 * of a transaction count after it has answered that this is committed.
 */
export async function committedOffset(groupId: string, topic: string): Promise<string> {
  let offset = NONE;
  await until(`${groupId} has committed an offset of ${topic}`, async () => {
    offset = await fetchedOffset(groupId, topic);
    return offset !== NONE;
  });
  return offset;
}

/** Whether a group has committed nothing of a topic with one partition by now. */
export async function hasCommittedNothing(groupId: string, topic: string): Promise<boolean> {
  return (await fetchedOffset(groupId, topic)) === NONE;
}

const NONE = '-1';

function fetchedOffset(groupId: string, topic: string): Promise<string> {
  return withAdmin(async (admin) => {
    const [of] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return of?.partitions[0]?.offset ?? NONE;
  });
}

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
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
