import { Logger } from '@nestjs/common';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import type { Kafka } from 'kafkajs';
import type { DriverTracing } from '../kafkajs/driver-tracing.js';
import { traceDriver } from '../kafkajs/trace-kafka.js';
import type { KafkaTracingModuleOptions } from '../kafka-tracing.options.js';
import { resolveOptions } from '../resolve-options.js';
import type { KafkaEndpoint } from '../tracing/attributes.js';
import { attempt } from '../tracing/fail-open.js';
import { KafkaTracer } from '../tracing/kafka-tracer.js';
import { applicationOf } from './live-applications.js';
import { traceRequests } from './requests/requests.js';
import { handlersOf } from './handlers/topic-handlers.js';

/** What `ServerKafka` and `ClientKafka` have in common; Nest 11 returns the Kafka, Nest 12 a promise of it. */
type KafkaHost = object & { createClient(): Kafka | Promise<Kafka> };

const WRAPPED = Symbol.for('nestjs-kafka-tracing.wrapped');

/**
 * Wraps the one method by which Nest makes every Kafka object, on the prototypes of its server and its client, once per
 * process.
 *
 * @internal
 */
export function installSeam(): void {
  attempt('reach what Nest makes', () => {
    wrapCreateClient(ServerKafka.prototype);
    wrapCreateClient(ClientKafka.prototype);
  });
}

/**
 * Reaches a server or client whose class has a `createClient` of its own.
 *
 * @internal
 */
export function wrapOverriddenCreateClient(host: object): void {
  wrapCreateClient(host as KafkaHost);
}

function wrapCreateClient(target: KafkaHost): void {
  const { createClient } = target;
  if (WRAPPED in createClient) {
    return;
  }
  const traced = function createTracedClient(this: KafkaHost): Kafka | Promise<Kafka> {
    const made = createClient.call(this);
    return isPromise(made) ? made.then((kafka) => reach(this, kafka)) : reach(this, made);
  };
  Object.defineProperty(traced, WRAPPED, { value: true });
  Object.defineProperty(target, 'createClient', { value: traced, configurable: true, writable: true });
}

// Also of another realm, as under Jest. What is no Kafka at all is for Nest to stumble over.
function isPromise(made: Kafka | Promise<Kafka>): made is Promise<Kafka> {
  return typeof made === 'object' && made !== null && 'then' in made;
}

function reach(host: KafkaHost, kafka: Kafka): Kafka {
  if (host instanceof ClientKafka) {
    attempt('trace requests', () => traceRequests(host, () => tracerOf(host), endpointOf(host)));
  }
  return attempt('trace a Kafka', () => traceDriver(kafka, tracingOf(host))) ?? kafka;
}

function tracingOf(host: KafkaHost): DriverTracing {
  const tracing = { tracer: () => tracerOf(host), endpoint: () => endpointOf(host), foreign: warnOf };
  return host instanceof ServerKafka ? { ...tracing, handlersOf: handlersOf(host) } : tracing;
}

function warnOf(finding: string): void {
  new Logger('KafkaTracing').warn(finding);
}

interface ClientTracing {
  readonly tracer: KafkaTracer | undefined;
  /** Whether it was given for this client alone, and so goes before the application's. */
  readonly isExplicit: boolean;
}

const clients = new WeakMap<object, ClientTracing>();

/**
 * Gives a client tracing of its own: with the options given for it alone, or else with the defaults, for when no application
 * is live.
 *
 * @throws {InvalidOptionError} for a bad option
 * @internal
 */
export function traceClient(client: object, given: KafkaTracingModuleOptions | undefined): void {
  const options = resolveOptions(given);
  const openSpans = () => applicationOf(client)?.openSpans;
  const tracer = options.enabled ? new KafkaTracer(options, openSpans) : undefined;
  clients.set(client, { tracer, isExplicit: given !== undefined });
}

function tracerOf(host: object): KafkaTracer | undefined {
  const client = clients.get(host);
  const application = client?.isExplicit === true ? undefined : applicationOf(host);
  return application === undefined ? client?.tracer : application.tracer();
}

/** Nest keeps both in protected fields; `brokers` may also be a function, which says nothing before it is called. */
function endpointOf(host: object): KafkaEndpoint {
  const { clientId, brokers } = host as { readonly clientId?: string; readonly brokers?: unknown };
  return { clientId, brokers: Array.isArray(brokers) ? (brokers as string[]) : undefined };
}
