import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Consumer, ConsumerRunConfig, EachMessageHandler, EachMessagePayload } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { type Delivery, rememberDelivery } from '../tracing/delivery.js';
import { attempt, within } from '../tracing/fail-open.js';
import type { DriverTracing } from './driver-tracing.js';

/**
 * Traces a consumer, in place: each message that it handles has a process span around everything that kafkajs awaits.
 *
 * @internal
 */
export function traceConsumer(
  consumer: Consumer,
  groupId: string | undefined,
  tracing: DriverTracing,
): Consumer {
  const { run } = consumer;
  const endpoint: KafkaEndpoint = { ...tracing.endpoint(), groupId };

  consumer.run = function tracedRun(this: unknown, config?: ConsumerRunConfig): Promise<void> {
    const traced =
      typeof config?.eachMessage === 'function'
        ? { ...config, eachMessage: traceEachMessage(config.eachMessage, endpoint, tracing) }
        : config;
    // What is active here, such as the request that a client connects in, must not be active in every later message.
    return tracing.tracer() === undefined
      ? run.call(this, traced)
      : within(ROOT_CONTEXT, () => run.call(this, traced));
  };
  return consumer;
}

function traceEachMessage(
  eachMessage: EachMessageHandler,
  endpoint: KafkaEndpoint,
  tracing: DriverTracing,
): EachMessageHandler {
  return function tracedEachMessage(this: unknown, payload: EachMessagePayload): Promise<void> {
    const delivery = attempt('trace a delivery', () => startDelivery(endpoint, tracing, payload));
    return delivery === undefined
      ? eachMessage.call(this, payload)
      : settle(delivery, () => within(delivery.context, () => eachMessage.call(this, payload)));
  };
}

function startDelivery(
  endpoint: KafkaEndpoint,
  tracing: DriverTracing,
  payload: EachMessagePayload,
): Delivery | undefined {
  const tracer = tracing.tracer();
  if (tracer === undefined) {
    return undefined;
  }
  const { topic, partition, message, heartbeat } = payload;
  const { key, value, headers, offset } = message;
  const handlers = tracing.handlersOf?.(topic);
  const delivery = tracer.startProcess(endpoint, topic, { key, value, headers, offset, partition }, handlers);
  rememberDelivery(heartbeat, delivery); // kafkajs makes one for each message.
  if (handlers?.isMissing === true && expectsReply(headers)) {
    delivery.fail('There is no handler for this request.');
  }
  return delivery;
}

/** Calls the handler at once. What it returns must reach kafkajs, which awaits it before the next message. */
function settle(delivery: Delivery, handle: () => Promise<void>): Promise<void> {
  if (!delivery.isRecording) {
    return handle();
  }
  let handled: Promise<void>;
  try {
    handled = handle();
  } catch (error) {
    delivery.fail(error);
    delivery.end();
    throw error;
  }
  // A handler that is no async function may return anything: kafkajs would await that, too.
  return Promise.resolve(handled).then(
    (result) => {
      delivery.end();
      return result;
    },
    (error: unknown) => {
      delivery.fail(error);
      delivery.end();
      throw error;
    },
  );
}

/** As Nest's server sees it: a message with both headers is a request. */
function expectsReply(headers: EachMessagePayload['message']['headers']): boolean {
  return Boolean(headers?.['kafka_correlationId']) && Boolean(headers?.['kafka_replyTopic']);
}
