import type { V1NetworkPolicyPeer, V1NetworkPolicyPort, V1NetworkPolicySpec } from '@kubernetes/client-node';
import { type Manifests, type OfKind, podLabels, portNumber, selects, type Workload } from './manifests.js';

export type Direction = 'Ingress' | 'Egress';

/** One rule of a policy, for either direction: who is at the other end, and by which ports. None stands for all. */
export interface PolicyRule {
  readonly peers: readonly V1NetworkPolicyPeer[] | undefined;
  readonly ports: readonly V1NetworkPolicyPort[] | undefined;
}

/** As it is written: the generated model calls `from` `_from`. */
interface WrittenRule {
  readonly from?: readonly V1NetworkPolicyPeer[];
  readonly to?: readonly V1NetworkPolicyPeer[];
  readonly ports?: readonly V1NetworkPolicyPort[];
}

export function policiesOf(
  manifests: Manifests,
  namespace: string | undefined,
  direction: Direction,
): readonly OfKind<'NetworkPolicy'>[] {
  return manifests
    .ofKind('NetworkPolicy')
    .filter(({ metadata, spec }) => metadata.namespace === namespace && typesOf(spec).includes(direction));
}

/** Where a policy does not say it: Ingress, and Egress if it has rules for that. */
function typesOf({ policyTypes, egress = [] }: V1NetworkPolicySpec): readonly string[] {
  return policyTypes ?? (egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
}

export function rulesOf(
  { spec: { egress = [], ingress = [] } }: OfKind<'NetworkPolicy'>,
  direction: Direction,
): readonly PolicyRule[] {
  const written: readonly WrittenRule[] = direction === 'Egress' ? egress : ingress;
  return written.map(({ from, to = from, ports }) => ({ peers: orAll(to), ports: orAll(ports) }));
}

function orAll<Item>(items: readonly Item[] | undefined): readonly Item[] | undefined {
  return items?.length === 0 ? undefined : items;
}

/** The rules for the pods of a workload. */
export function rulesFor(
  manifests: Manifests,
  workload: Workload,
  direction: Direction,
): readonly PolicyRule[] {
  return policiesOf(manifests, workload.metadata.namespace, direction)
    .filter(({ spec }) => selects(spec.podSelector, podLabels(workload)))
    .flatMap((policy) => rulesOf(policy, direction));
}

/** Whether it is a port of the rule, by number or by the name that `target` gives it. */
export function opens({ ports }: PolicyRule, port: number, target?: Workload, protocol = 'TCP'): boolean {
  return (
    ports === undefined ||
    ports.some((one) => {
      if ((one.protocol ?? 'TCP') !== protocol) return false;
      if (one.port === undefined) return true;
      const first = typeof one.port === 'number' ? one.port : target && portNumber(target, one.port);
      return first !== undefined && first <= port && port <= (one.endPort ?? first);
    })
  );
}

/** Whether a peer that a policy of the namespace `own` names is this workload. */
export function isPeer(
  manifests: Manifests,
  { ipBlock, namespaceSelector, podSelector = {} }: V1NetworkPolicyPeer,
  own: string | undefined,
  workload: Workload,
): boolean {
  // A pod has another address each time.
  if (ipBlock) return false;
  const { namespace } = workload.metadata;
  const labels = {
    ...manifests.find('Namespace', undefined, namespace)?.metadata.labels,
    'kubernetes.io/metadata.name': namespace ?? '',
  };
  const isInNamespace = namespaceSelector ? selects(namespaceSelector, labels) : namespace === own;
  return isInNamespace && selects(podSelector, podLabels(workload));
}

/** Whether a peer is the DNS of the cluster, which is none of our pods, and nothing else beside it. */
export function isResolver({ ipBlock, namespaceSelector, podSelector }: V1NetworkPolicyPeer): boolean {
  return (
    !ipBlock &&
    selects(namespaceSelector, { 'kubernetes.io/metadata.name': 'kube-system' }) &&
    selects(podSelector, { 'k8s-app': 'kube-dns' }) &&
    !selects(podSelector, {})
  );
}
