import { environmentOf } from './environment-of.js';
import { containersOf, type Manifests, type OfKind, type Workload } from './manifests.js';

/** What a workload has been told to talk to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A text that a workload reads, and what holds it. */
export interface Text {
  readonly in: string;
  readonly text: string;
}

const PORTS: Readonly<Record<string, number>> = { 'http://': 80, 'https://': 443 };

/** Every address in the variables, arguments and mounted files of a workload, each once. */
export function addressesOf(manifests: Manifests, workload: Workload): readonly Address[] {
  const found = new Map<string, Address>();
  for (const { text } of textsOf(manifests, workload)) {
    for (const [, scheme = '', host = '', port] of text.matchAll(
      /(\w+:\/\/)?(?:[^\s@/]*@)?([\w.-]+\.svc\b[\w.-]*)(?::(\d+))?/g,
    )) {
      const address = { host, port: Number(port ?? PORTS[scheme] ?? Number.NaN) };
      found.set(`${host}:${address.port}`, address);
    }
  }
  return [...found.values()];
}

/** The Service of `service.namespace.svc.cluster.local`, also where the name of one of its pods stands before it. */
export function serviceAt(manifests: Manifests, host: string): OfKind<'Service'> | undefined {
  const { service, namespace } = partsOf(host);
  return manifests.find('Service', namespace, service);
}

/** Whether no pod stands before the name of the Service, or one that has a name there: of a StatefulSet, by its headless Service. */
export function isNameOfPods(manifests: Manifests, host: string): boolean {
  const { pod, service, namespace } = partsOf(host);
  if (pod === undefined) return true;
  if (manifests.find('Service', namespace, service)?.spec.clusterIP !== 'None') return false;
  return manifests.workloads.some(
    ({ metadata, spec: { serviceName, replicas = 1 } }) =>
      metadata.namespace === namespace &&
      serviceName === service &&
      Array.from({ length: replicas }, (_, index) => `${metadata.name}-${index}`).includes(pod),
  );
}

function partsOf(host: string): {
  readonly pod?: string;
  readonly service?: string;
  readonly namespace?: string;
} {
  const name = /^(?:(?<pod>[\w-]+)\.)?(?<service>[\w-]+)\.(?<namespace>[\w-]+)\.svc\.cluster\.local$/;
  return name.exec(host)?.groups ?? {};
}

/** Whom an address leads to; nothing where no Service has it, and no port where the Service does not. */
export function targetsOf(
  manifests: Manifests,
  { host, port }: Address,
): {
  readonly service?: OfKind<'Service'>;
  readonly port?: number | string;
  readonly targets: readonly Workload[];
} {
  const service = serviceAt(manifests, host);
  if (!service) return { targets: [] };
  const found = service.spec.ports?.find((candidate) => candidate.port === port);
  if (!found) return { service, targets: [] };
  const targets = manifests.selected(service.metadata.namespace, {
    matchLabels: service.spec.selector ?? {},
  });
  return { service, port: found.targetPort ?? port, targets };
}

/** All that may tell a workload whom to talk to. */
export function textsOf(manifests: Manifests, workload: Workload): readonly Text[] {
  const { namespace } = workload.metadata;
  const containers = containersOf(workload);
  const mounted = (workload.spec.template.spec.volumes ?? []).flatMap(({ configMap }) =>
    Object.entries(manifests.find('ConfigMap', namespace, configMap?.name)?.data ?? {}),
  );
  const variables = containers.flatMap((container) =>
    Object.entries(environmentOf(manifests, workload, container)),
  );
  return [
    ...[...mounted, ...variables].map(([name, text]) => ({ in: name, text })),
    ...containers
      .flatMap(({ command = [], args = [] }) => [...command, ...args])
      .map((text) => ({ in: 'its command', text })),
  ];
}
