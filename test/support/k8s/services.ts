import { readFileSync } from 'node:fs';
import { notificationServiceEnvironment } from '../../../sample/notification-service/notification-service.environment.js';
import { orderServiceEnvironment } from '../../../sample/order-service/order-service.environment.js';
import { readEnvironment } from '../../../sample/platform/environment/environment.js';
import type { Workload } from './manifests.js';

export const SERVICES = ['order-service', 'notification-service'] as const;
export type ServiceName = (typeof SERVICES)[number];

const SCHEMAS = {
  'order-service': orderServiceEnvironment,
  'notification-service': notificationServiceEnvironment,
};

/** @throws StartupError, as the service itself would. */
export function validate(service: ServiceName, variables: NodeJS.ProcessEnv): void {
  readEnvironment(SCHEMAS[service], variables);
}

export function isService(workload: Workload): workload is Workload & { metadata: { name: ServiceName } } {
  return (SERVICES as readonly string[]).includes(workload.metadata.name);
}

/** The variables that a service reads: those that it validates, and the standard ones of its documentation. */
export function variablesOf(service: ServiceName): ReadonlySet<string> {
  return new Set([...validatedBy(service), ...standardVariables()]);
}

export function validatedBy(service: ServiceName): ReadonlySet<string> {
  return new Set(Object.keys(SCHEMAS[service].shape));
}

/** Of OpenTelemetry; that they are really read is seen by the test that runs the services. */
function standardVariables(): readonly string[] {
  const documentation = readFileSync('sample/README.md', 'utf8');
  const rows = documentation.split('\n').filter((line) => line.startsWith('| `OTEL_'));
  return rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(OTEL_\w+)`/g)].map(([, name]) => name!));
}
