import type { Producer, Transaction as KafkaTransaction } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt } from '../tracing/fail-open.js';
import type { Transaction } from '../tracing/sending/transaction.js';
import type { DriverTracing } from './driver-tracing.js';
import { driversOwn } from './foreign-instrumentation.js';
import { settle } from './settle.js';
import { traceSends } from './traced-sends.js';
import { traceTransaction } from './traced-transaction.js';

/**
 * Traces a producer, in place: what it sends, and its transactions.
 *
 * @internal
 */
export function traceProducer(
  producer: Producer,
  transactionalId: string | undefined,
  tracing: DriverTracing,
): Producer {
  const endpoint: KafkaEndpoint = tracing.endpoint();
  traceSends(producer, tracing, endpoint);
  traceTransactions(producer, transactionalId, tracing, endpoint);
  return producer;
}

/** kafkajs allows one transaction at a time for a producer. Those that nobody has ended end with the producer. */
function traceTransactions(
  producer: Producer,
  transactionalId: string | undefined,
  tracing: DriverTracing,
  endpoint: KafkaEndpoint,
): void {
  const { transaction: begin, disconnect } = producer;
  const open = new Set<Transaction>();
  const beginning = (span: Transaction) => ({
    isWatched: true, // Its sends are traced, whether or not it has a span itself.
    succeeded(transaction: KafkaTransaction) {
      if (span.isRecording) {
        open.add(span);
      }
      attempt('trace a transaction', () => traceTransaction(transaction, span, open, tracing, endpoint));
    },
    failed: (error: unknown) => span.refused(error),
  });

  producer.transaction = function tracedTransaction(this: unknown): Promise<KafkaTransaction> {
    let own = begin;
    const span = attempt('trace a transaction', () => {
      const tracer = tracing.tracer();
      own = tracer === undefined ? begin : driversOwn(begin, tracing.foreign);
      return tracer?.startTransaction(endpoint, transactionalId);
    });
    return span === undefined ? begin.call(this) : settle(beginning(span), () => own.call(this));
  };

  producer.disconnect = function tracedDisconnect(this: unknown): Promise<void> {
    open.forEach((span) => attempt('end a transaction', () => span.left()));
    open.clear();
    return disconnect.call(this);
  };
}
