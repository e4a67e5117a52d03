import type { Consumer, ConsumerConfig, Kafka, Producer, ProducerConfig } from 'kafkajs';
import { InvalidOptionError, UntraceableKafkaError } from '../errors/index.js';
import type { KafkaTracingModuleOptions } from '../kafka-tracing.options.js';
import { resolveOptions } from '../resolve-options.js';
import { requireObject } from '../option-checks.js';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt } from '../tracing/fail-open.js';
import { KafkaTracer } from '../tracing/kafka-tracer.js';
import { attemptUnlessRefused } from '../tracing/refusals.js';
import type { DriverTracing } from './driver-tracing.js';
import { traceConsumer } from './traced-consumer.js';
import { traceProducer } from './traced-producer.js';

/**
 * The options of {@link traceKafka}: those of the module, and what kafkajs does not tell of a `Kafka`.
 *
 * @publicApi
 */
export interface TraceKafkaOptions extends KafkaTracingModuleOptions {
  /**
   * The client id that the `Kafka` was made with, for `messaging.client.id`.
   *
   * @default no attribute
   */
  readonly clientId?: string;

  /**
   * The bootstrap brokers that the `Kafka` was made with, as `host:port`. `server.address` and `server.port` are written
   * where there is exactly one.
   *
   * @default no attributes
   */
  readonly brokers?: readonly string[];
}

/**
 * Traces a kafkajs `Kafka`, in place: every message that its producers send and its consumers handle from now on. It needs
 * no Nest. A `Kafka` that is traced already is left as it is.
 *
 * @param kafka what to trace; producers and consumers made before this call are not reached
 * @param options the module's options, and the client's id and brokers
 * @returns the same `kafka`
 * @throws {InvalidOptionError} for a bad option
 * @throws {UntraceableKafkaError} for what is no `Kafka`, and for one that cannot be changed
 * @example const kafka = traceKafka(new Kafka({ clientId, brokers }), { clientId, brokers });
 * @publicApi
 */
export function traceKafka<T extends Kafka>(kafka: T, options: TraceKafkaOptions = {}): T {
  const traced = attemptUnlessRefused('trace a Kafka', () => {
    requireObject(options);
    const { clientId, brokers, ...rest } = options;
    const resolved = resolveOptions(rest);
    requireEndpoint({ clientId, brokers });
    const tracer = resolved.enabled ? new KafkaTracer(resolved) : undefined;
    return traceDriver(kafka, { tracer: () => tracer, endpoint: () => ({ clientId, brokers }) });
  });
  return traced ?? kafka;
}

function requireEndpoint({ clientId, brokers }: KafkaEndpoint): void {
  if (clientId !== undefined && typeof clientId !== 'string') {
    const cure = 'Pass the one that the Kafka was made with, or leave it out.';
    throw new InvalidOptionError('clientId', 'to be a string', clientId, cure);
  }
  if (brokers !== undefined && !(Array.isArray(brokers) && brokers.every((one) => typeof one === 'string'))) {
    const cure = 'Pass those that the Kafka was made with, or leave them out where a function finds them.';
    throw new InvalidOptionError('brokers', 'to be an array of `host:port`', brokers, cure);
  }
}

const TRACED = Symbol.for('nestjs-kafka-tracing.traced');

/**
 * @throws {UntraceableKafkaError} for what is no `Kafka`, and for one that cannot be changed
 * @internal
 */
export function traceDriver<T extends Kafka>(kafka: T, tracing: DriverTracing): T {
  if (isTracedDriver(kafka)) {
    return kafka;
  }
  requireTraceable(kafka);
  const { producer, consumer } = kafka;
  replace(kafka, 'producer', function tracedProducer(this: unknown, config?: ProducerConfig): Producer {
    const made = producer.call(this, config);
    return attempt('trace a producer', () => traceProducer(made, config?.transactionalId, tracing)) ?? made;
  });
  replace(kafka, 'consumer', function tracedConsumer(this: unknown, config: ConsumerConfig): Consumer {
    const made = consumer.call(this, config);
    return attempt('trace a consumer', () => traceConsumer(made, config?.groupId, tracing)) ?? made;
  });
  Object.defineProperty(kafka, TRACED, { value: true });
  return kafka;
}

/**
 * Whether something is a `Kafka` that is traced.
 *
 * @internal
 */
export function isTracedDriver(candidate: unknown): boolean {
  return typeof candidate === 'object' && candidate !== null && TRACED in candidate;
}

const REPLACED = ['producer', 'consumer'] as const;

function requireTraceable(candidate: unknown): void {
  const kafka = (candidate ?? {}) as Kafka;
  if (!REPLACED.every((name) => typeof kafka[name] === 'function')) {
    const cure = 'Pass one, as in traceKafka(new Kafka({ clientId, brokers })).';
    throw new UntraceableKafkaError('to be a Kafka of kafkajs', candidate, cure);
  }
  const isFixed = (name: string) => Object.getOwnPropertyDescriptor(kafka, name)?.configurable === false;
  if (!Object.isExtensible(kafka) || REPLACED.some(isFixed)) {
    const cure = 'Trace it before it is frozen or sealed.';
    throw new UntraceableKafkaError('to be open to changes', candidate, cure);
  }
}

/** As an own property that does not show up where the object is printed, spread or compared. */
function replace<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): void {
  Object.defineProperty(target, name, { value, enumerable: false, configurable: true, writable: true });
}
