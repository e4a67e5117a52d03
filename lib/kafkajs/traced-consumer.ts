import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Consumer, ConsumerRunConfig } from 'kafkajs';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { DeliveryAttempts } from '../tracing/processing/delivery-attempts.js';
import { attempt, within } from '../tracing/fail-open.js';
import { watchLag } from './consumer-lag-events.js';
import type { DriverTracing } from './driver-tracing.js';
import { driversOwn } from './foreign-instrumentation.js';
import type { ConsumerTracing } from './consumer-tracing.js';
import { isPlain } from './plain-object.js';
import { traceEachBatch } from './traced-each-batch.js';
import { traceEachMessage } from './traced-each-message.js';

/**
 * Traces a consumer, in place: each message, or batch, that it handles has a process span around everything that kafkajs
 * awaits.
 *
 * @internal
 */
export function traceConsumer(
  consumer: Consumer,
  groupId: string | undefined,
  driver: DriverTracing,
): Consumer {
  const { run } = consumer;
  const group: KafkaEndpoint = { ...driver.endpoint(), groupId };
  const tracing: ConsumerTracing = { ...driver, group, attempts: new DeliveryAttempts() };

  watchLag(
    consumer,
    groupId,
    (topic) => driver.tracer()?.templateOf(topic),
    () => driver.tracer() !== undefined,
  );
  consumer.run = function tracedRun(this: unknown, config?: ConsumerRunConfig): Promise<void> {
    const traced = attempt('trace a consumer', () => withTracedHandlers(config, tracing)) ?? config;
    const own = attempt('trace a consumer', () =>
      driver.tracer() === undefined ? undefined : driversOwn(run, driver.foreign),
    );
    // What is active here, such as the request that a client connects in, must not be active in every later message.
    return own === undefined ? run.call(this, traced) : within(ROOT_CONTEXT, () => own.call(this, traced));
  };
  return consumer;
}

function withTracedHandlers(
  config: ConsumerRunConfig | undefined,
  tracing: ConsumerTracing,
): ConsumerRunConfig | undefined {
  const { eachMessage, eachBatch } = config ?? {};
  if (typeof eachMessage !== 'function' && typeof eachBatch !== 'function') {
    return config;
  }
  return {
    ...config,
    ...computedOptions(config ?? {}),
    ...(typeof eachMessage === 'function' ? { eachMessage: traceEachMessage(eachMessage, tracing) } : {}),
    ...(typeof eachBatch === 'function' ? { eachBatch: traceEachBatch(eachBatch, tracing) } : {}),
  };
}

const RUN_OPTIONS = [
  'autoCommit',
  'autoCommitInterval',
  'autoCommitThreshold',
  'eachBatchAutoResolve',
  'partitionsConsumedConcurrently',
] as const;

/** What kafkajs reads of a configuration that is of a class, or inherits: no copy of its own properties has that. */
function computedOptions(config: ConsumerRunConfig): ConsumerRunConfig {
  return isPlain(config)
    ? {}
    : Object.fromEntries(
        RUN_OPTIONS.filter((name) => name in config).map((name) => [name, config[name]] as const),
      );
}
