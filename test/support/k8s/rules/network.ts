import type { V1NetworkPolicyPeer, V1NetworkPolicyPort, V1NetworkPolicySpec } from '@kubernetes/client-node';
import { type Address, addressesOf, serviceAt } from '../addresses.js';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, podLabels, selects, type Workload } from '../manifests.js';
import { portNumber } from './ports.js';
import type { Rule } from './rule.js';

type Direction = 'Ingress' | 'Egress';

/** As it is written: the generated model calls `from` `_from`. */
interface PolicyRule {
  readonly from?: readonly V1NetworkPolicyPeer[];
  readonly to?: readonly V1NetworkPolicyPeer[];
  readonly ports?: readonly V1NetworkPolicyPort[];
}

type Port = Readonly<Pick<V1NetworkPolicyPort, 'port' | 'protocol'>>;

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
      return !policies.some(({ podSelector }) => Object.keys(podSelector ?? {}).length === 0);
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

function unreachable(manifests: Manifests, source: Workload, { host, port }: Address): readonly string[] {
  const from = `${idOf(source)} is to talk to ${host}:${port}`;
  const service = serviceAt(manifests, host);
  if (!service) return [`${from}, which no Service is`];
  const { targetPort } = service.spec.ports?.find((candidate) => candidate.port === port) ?? {
    targetPort: undefined,
  };
  if (targetPort === undefined) return [`${from}, and ${idOf(service)} does not have that port`];
  const targets = manifests.selected(service.metadata.namespace, {
    matchLabels: service.spec.selector ?? {},
  });
  return targets.flatMap((target) => {
    const opened = { port: portNumber(target, targetPort) ?? targetPort };
    const out = allows(manifests, source, 'Egress', target, opened)
      ? []
      : [`${from}, and no policy lets it out`];
    const into = allows(manifests, target, 'Ingress', source, opened)
      ? []
      : [`${from}, and no policy lets it in`];
    return [...out, ...into];
  });
}

function allows(
  manifests: Manifests,
  of: Workload,
  direction: Direction,
  peer: Workload,
  port: Port,
): boolean {
  const { namespace } = of.metadata;
  return policiesOf(manifests, namespace, direction)
    .filter(({ podSelector }) => selects(podSelector, podLabels(of)))
    .flatMap((policy) => rulesOf(policy, direction))
    .some(
      ({ from, to = from, ports }) =>
        opens(ports, port) && (!to || to.some((one) => isPeer(manifests, one, namespace, peer))),
    );
}

/** The resolver of the cluster is none of our pods: this asks for a way to its namespace. */
function looksUpNames(manifests: Manifests, workload: Workload): boolean {
  return policiesOf(manifests, workload.metadata.namespace, 'Egress')
    .filter(({ podSelector }) => selects(podSelector, podLabels(workload)))
    .flatMap((policy) => rulesOf(policy, 'Egress'))
    .some(
      ({ to, ports }) =>
        opens(ports, { port: 53, protocol: 'UDP' }) &&
        (to ?? []).some(({ namespaceSelector }) =>
          selects(namespaceSelector, { 'kubernetes.io/metadata.name': 'kube-system' }),
        ),
    );
}

function policiesOf(manifests: Manifests, namespace: string | undefined, direction: Direction) {
  return manifests
    .ofKind('NetworkPolicy')
    .filter((policy) => policy.metadata.namespace === namespace)
    .map(({ spec }) => spec)
    .filter(({ policyTypes = [] }) => policyTypes.includes(direction));
}

function rulesOf(
  { egress = [], ingress = [] }: V1NetworkPolicySpec,
  direction: Direction,
): readonly PolicyRule[] {
  return direction === 'Egress' ? egress : ingress;
}

function opens(ports: readonly V1NetworkPolicyPort[] | undefined, { port, protocol = 'TCP' }: Port): boolean {
  return !ports || ports.some((one) => one.port === port && (one.protocol ?? 'TCP') === protocol);
}

function isPeer(
  manifests: Manifests,
  { namespaceSelector, podSelector = {} }: V1NetworkPolicyPeer,
  own: string | undefined,
  peer: Workload,
): boolean {
  const { namespace } = peer.metadata;
  const labels = {
    ...manifests.find('Namespace', undefined, namespace)?.metadata.labels,
    'kubernetes.io/metadata.name': namespace ?? '',
  };
  const isInNamespace = namespaceSelector ? selects(namespaceSelector, labels) : namespace === own;
  return isInNamespace && selects(podSelector, podLabels(peer));
}
