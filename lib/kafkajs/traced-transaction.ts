import type { Offsets, Transaction as KafkaTransaction } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt } from '../tracing/fail-open.js';
import type { Transaction } from '../tracing/sending/transaction.js';
import type { DriverTracing } from './driver-tracing.js';
import { settle } from './settle.js';
import { traceSends } from './traced-sends.js';

type SendOffsets = KafkaTransaction['sendOffsets'];

/**
 * Traces a transaction of kafkajs, in place: what is sent in it, the offsets that are sent to it, and how it ends.
 *
 * @param open where it is until somebody ends it
 * @internal
 */
export function traceTransaction(
  transaction: KafkaTransaction,
  span: Transaction,
  open: Set<Transaction>,
  tracing: DriverTracing,
  endpoint: KafkaEndpoint,
): void {
  const { commit, abort, sendOffsets } = transaction;
  const isActive = () => attempt('trace a transaction', () => transaction.isActive()) === true;
  // What kafkajs refuses because the transaction has ended is not sent.
  const tracer = () => (isActive() ? tracing.tracer() : undefined);
  traceSends(transaction, { ...tracing, tracer }, endpoint, span);

  const ending = (end: () => void) => {
    const isWatched = attempt('trace a transaction', () => span.isRecording && isActive()) === true;
    if (isWatched) {
      open.delete(span); // How the attempt ends says what became of it, also where the producer is disconnected meanwhile.
    }
    return {
      isWatched,
      succeeded: end,
      failed(error: unknown) {
        span.failed(error);
        // kafkajs 2.2 refuses to abort, or to commit again, what could not be committed.
        if (isActive()) {
          open.add(span);
        } else {
          span.left();
        }
      },
    };
  };

  transaction.commit = function tracedCommit(this: unknown): Promise<void> {
    return settle(
      ending(() => span.committed()),
      () => commit.call(this),
    );
  };
  transaction.abort = function tracedAbort(this: unknown): Promise<void> {
    return settle(
      ending(() => span.aborted()),
      () => abort.call(this),
    );
  };
  transaction.sendOffsets = function tracedSendOffsets(this: unknown, offsets): ReturnType<SendOffsets> {
    const operation = attempt('trace offsets', () =>
      tracer()?.startSendOffsets(endpoint, groupOf(offsets), topicsOf(offsets), span),
    );
    return operation === undefined
      ? sendOffsets.call(this, offsets)
      : settle(operation, () => sendOffsets.call(this, offsets));
  };
}

function groupOf(offsets: Parameters<SendOffsets>[0]): string | undefined {
  return offsets?.consumerGroupId;
}

function topicsOf(offsets: Offsets | undefined): readonly string[] {
  return offsets?.topics?.map(({ topic }) => topic) ?? [];
}
