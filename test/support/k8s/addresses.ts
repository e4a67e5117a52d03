import { environmentOf } from './environment-of.js';
import { containersOf, type Manifests, type OfKind, type Workload } from './manifests.js';

/** What a workload has been told to talk to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const PORTS: Readonly<Record<string, number>> = { 'http://': 80, 'https://': 443 };

/** Every address in the variables, arguments and mounted files of a workload, each once. */
export function addressesOf(manifests: Manifests, workload: Workload): readonly Address[] {
  const found = new Map<string, Address>();
  for (const text of textsOf(manifests, workload)) {
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
  const [, name, namespace] = /^(?:[\w-]+\.)?([\w-]+)\.([\w-]+)\.svc\.cluster\.local$/.exec(host) ?? [];
  return manifests.find('Service', namespace, name);
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

function textsOf(manifests: Manifests, workload: Workload): readonly string[] {
  const { namespace } = workload.metadata;
  const containers = containersOf(workload);
  const mounted = (workload.spec.template.spec.volumes ?? []).flatMap(({ configMap }) =>
    Object.values(manifests.find('ConfigMap', namespace, configMap?.name)?.data ?? {}),
  );
  return [
    ...mounted,
    ...containers.flatMap(({ command = [], args = [] }) => [...command, ...args]),
    ...containers.flatMap((container) => Object.values(environmentOf(manifests, workload, container))),
  ];
}
