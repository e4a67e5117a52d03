import type { EachBatchHandler, EachBatchPayload } from 'kafkajs';
import { DeliveredBatch } from '../tracing/processing/delivered-batch.js';
import type { Delivery } from '../tracing/processing/delivery.js';
import { attempt, startWithin } from '../tracing/fail-open.js';
import { isAnythingRegistered } from '../tracing/registered-sdk.js';
import { settle } from './settle.js';
import type { ConsumerTracing } from './consumer-tracing.js';

/** @internal */
export function traceEachBatch(eachBatch: EachBatchHandler, tracing: ConsumerTracing): EachBatchHandler {
  return function tracedEachBatch(this: unknown, payload: EachBatchPayload): Promise<void> {
    const delivery = attempt('trace a delivery', () => startDelivery(tracing, payload));
    return delivery === undefined
      ? eachBatch.call(this, payload)
      : settle(delivery, () => startWithin(delivery.context, () => eachBatch.call(this, payload)));
  };
}

function startDelivery(tracing: ConsumerTracing, { batch }: EachBatchPayload): Delivery | undefined {
  const tracer = tracing.tracer();
  const [first] = batch.messages;
  const last = batch.messages.at(-1);
  if (tracer === undefined || first === undefined || last === undefined) {
    return undefined;
  }
  const { topic, partition, messages } = batch;
  const seen = tracing.attempts.nextBatch(topic, partition, first.offset, last.offset);
  if (!isAnythingRegistered()) {
    return undefined;
  }
  return tracer.startProcessBatch(new DeliveredBatch(tracing.group, topic, partition, messages, seen));
}
