import type { V1LabelSelector } from '@kubernetes/client-node';
import { type Address, addressesOf, targetsOf } from '../addresses.js';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, selects, type Workload } from '../manifests.js';
import { type Direction, isPeer, opens, policiesOf, rulesFor } from '../policies.js';
import { portNumber } from './ports.js';
import type { Rule } from './rule.js';

/** Every address that a workload knows has a Service with that port, and policies that let it through on both sides. */
export const network: Rule = (manifests) => [
  ...manifests.ofKind('Namespace').flatMap((namespace) => open(manifests, namespace.metadata.name)),
  ...manifests.workloads.flatMap((workload) => {
    const addresses = addressesOf(manifests, workload);
    return [
      ...(addresses.length > 0 && !looksUpNames(manifests, workload)
        ? [`${idOf(workload)} may not look up names`]
        : []),
      ...addresses.flatMap((address) => unreachable(manifests, workload, address)),
      ...shortNames(manifests, workload),
    ];
  }),
];

/** A namespace in which some pod may talk to whom it likes, or hear anybody. */
function open(manifests: Manifests, namespace: string): readonly string[] {
  return (['Ingress', 'Egress'] as const)
    .filter((direction) => {
      const policies = policiesOf(manifests, namespace, direction);
      return !policies.some(({ spec }) => Object.keys(spec.podSelector ?? {}).length === 0);
    })
    .map((direction) => `In ${namespace} no policy denies ${direction} by default`);
}

/** `kafka` alone is a name of the own namespace, and does not tell of another one. */
function shortNames(manifests: Manifests, workload: Workload): readonly string[] {
  return containersOf(workload)
    .flatMap((container) => Object.entries(environmentOf(manifests, workload, container)))
    .flatMap(([name, value]) => value.split(',').map((part) => ({ name, part, host: hostIn(part) })))
    .filter(({ host }) => host !== '' && !host.endsWith('.svc.cluster.local'))
    .map(({ name, part }) => `${idOf(workload)}: ${name} has ${part}, which is no whole name of a Service`);
}

function hostIn(part: string): string {
  const [, host = ''] = /^([a-z][\w.-]*):\d+$/i.exec(part) ?? [];
  return part.includes('://') && URL.canParse(part) ? new URL(part).hostname : host;
}

function unreachable(manifests: Manifests, source: Workload, address: Address): readonly string[] {
  const from = `${idOf(source)} is to talk to ${address.host}:${address.port}`;
  const { service, port, targets } = targetsOf(manifests, address);
  if (!service) return [`${from}, which no Service is`];
  if (port === undefined) return [`${from}, and ${idOf(service)} does not have that port`];
  return targets.flatMap((target) => {
    const opened = portNumber(target, port) ?? port;
    const mistakes: Readonly<Record<string, boolean>> = {
      [`${from}, and no policy lets it out`]: !allows(manifests, source, 'Egress', target, opened),
      [`${from}, and no policy lets it in`]: !allows(manifests, target, 'Ingress', source, opened),
    };
    return Object.keys(mistakes).filter((mistake) => mistakes[mistake]);
  });
}

function allows(
  manifests: Manifests,
  of: Workload,
  direction: Direction,
  peer: Workload,
  port: number | string,
): boolean {
  return rulesFor(manifests, of, direction).some(
    (rule) =>
      opens(rule, { port }) &&
      (!rule.peers || rule.peers.some((one) => isPeer(manifests, one, of.metadata.namespace, peer))),
  );
}

/** The resolver of the cluster is none of our pods: this asks for a way to its namespace. */
function looksUpNames(manifests: Manifests, workload: Workload): boolean {
  return rulesFor(manifests, workload, 'Egress').some(
    (rule) => opens(rule, { port: 53, protocol: 'UDP' }) && rule.peers?.some(isResolver) === true,
  );
}

function isResolver({ namespaceSelector }: { readonly namespaceSelector?: V1LabelSelector }): boolean {
  return selects(namespaceSelector, { 'kubernetes.io/metadata.name': 'kube-system' });
}
