import type { V1NetworkPolicyPeer, V1NetworkPolicyPort } from '@kubernetes/client-node';
import { type Manifests, type OfKind, podLabels, selects, type Workload } from './manifests.js';

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
  return manifests.ofKind('NetworkPolicy').filter(({ metadata, spec }) => {
    return metadata.namespace === namespace && spec.policyTypes?.includes(direction) === true;
  });
}

export function rulesOf(
  { spec: { egress = [], ingress = [] } }: OfKind<'NetworkPolicy'>,
  direction: Direction,
): readonly PolicyRule[] {
  const written: readonly WrittenRule[] = direction === 'Egress' ? egress : ingress;
  return written.map(({ from, to = from, ports }) => ({ peers: to, ports }));
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

export function opens(
  { ports }: PolicyRule,
  { port, protocol = 'TCP' }: { readonly port: number | string; readonly protocol?: string },
): boolean {
  return !ports || ports.some((one) => one.port === port && (one.protocol ?? 'TCP') === protocol);
}

/** Whether a peer that a policy of the namespace `own` names is this workload. */
export function isPeer(
  manifests: Manifests,
  { namespaceSelector, podSelector = {} }: V1NetworkPolicyPeer,
  own: string | undefined,
  workload: Workload,
): boolean {
  const { namespace } = workload.metadata;
  const labels = {
    ...manifests.find('Namespace', undefined, namespace)?.metadata.labels,
    'kubernetes.io/metadata.name': namespace ?? '',
  };
  const isInNamespace = namespaceSelector ? selects(namespaceSelector, labels) : namespace === own;
  return isInNamespace && selects(podSelector, podLabels(workload));
}
