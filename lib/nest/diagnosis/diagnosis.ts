import type { ModulesContainer } from '@nestjs/core';
import { ClientKafka, ServerKafka } from '@nestjs/microservices';
import { foreignInstrumentation } from '../../kafkajs/foreign-instrumentation.js';
import { type RegisteredSdk, registeredSdk } from '../../tracing/registered-sdk.js';
import { forEachInstance, serversOf } from '../container.js';
import { diagnosedTopics } from './diagnosed-topics.js';
import type {
  DiagnosedClient,
  DiagnosedServer,
  KafkaTracingDiagnosis,
  UnreachableKafka,
} from './diagnosis.types.js';
import type { TracedApplication } from '../traced-application.js';
import { isKafkaServer, nameOf, unreachableKafka } from './unreachable-kafka.js';

/**
 * Says what is traced of an application as it is now.
 *
 * @internal
 */
export function diagnose(application: TracedApplication, modules: ModulesContainer): KafkaTracingDiagnosis {
  const { options } = application;
  const servers = serversOf(modules).filter(isKafkaServer);
  const { incompatibleApi, ...sdk } = registeredSdk();
  const unreachable = unreachableKafka(modules);
  return {
    enabled: options.enabled,
    servers: servers.filter((server) => server instanceof ServerKafka).map(describeServer),
    clients: clientsOf(modules).map(describeClient),
    topics: diagnosedTopics(modules, servers, options),
    sdk,
    unreachable,
    foreignInstrumentation: foreignInstrumentation(),
    openSpans: application.openSpans.count,
    warnings: options.enabled ? [...warningsOf(sdk, incompatibleApi), ...unreachable.map(warningOf)] : [],
  };
}

function clientsOf(modules: ModulesContainer): readonly ClientKafka[] {
  const clients = new Set<ClientKafka>();
  forEachInstance(modules, 'look for clients', (candidate) => {
    if (candidate instanceof ClientKafka) {
      clients.add(candidate);
    }
  });
  return [...clients];
}

/** What Nest keeps in protected fields. */
interface Host {
  readonly clientId?: string;
  readonly groupId?: string;
  readonly brokers?: unknown;
}

function describeClient(client: object): DiagnosedClient {
  const { clientId, brokers } = client as Host;
  return {
    name: nameOf(client),
    clientId,
    brokers: Array.isArray(brokers) ? brokers.map(String) : undefined,
  };
}

function describeServer(server: object): DiagnosedServer {
  return { ...describeClient(server), groupId: (server as Host).groupId };
}

const START_SDK =
  'Start an OpenTelemetry SDK before the application is created, as the first import of main.ts: ' +
  '`new NodeSDK({ serviceName }).start()` registers all that is needed.';

type Needed = 'tracerProvider' | 'propagator' | 'contextManager';

const MISSING: Readonly<Record<Needed, string>> = {
  tracerProvider: 'No tracer provider is registered: no span is recorded.',
  propagator: 'No propagator is registered: no message carries a context, and every trace ends at its topic.',
  contextManager:
    'No context manager is registered: what is sent within a span does not become part of its trace.',
};

function warningsOf(
  sdk: Pick<RegisteredSdk, Needed>,
  incompatibleApi: string | undefined,
): readonly string[] {
  if (incompatibleApi !== undefined) {
    return [
      `An SDK is registered with version ${incompatibleApi} of @opentelemetry/api, of which this library has a newer copy ` +
        'that does not see it. Have one copy only: `npm ls @opentelemetry/api` shows who brings them.',
    ];
  }
  if (process.env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') {
    return []; // Somebody wants it so.
  }
  const missing = (Object.keys(MISSING) as Needed[]).filter((part) => !sdk[part]);
  return missing.map((part) => `${MISSING[part]} ${START_SDK}`);
}

function warningOf({ name, cure }: UnreachableKafka): string {
  return `${name} is out of reach: ${cure}`;
}
