import type { V1NetworkPolicyPeer } from '@kubernetes/client-node';
import { addressesOf, targetsOf } from '../addresses.js';
import { hasRole, isWayToApi } from '../kubernetes-api.js';
import { idOf, type Manifests, type OfKind, portNumber, type Workload } from '../manifests.js';
import {
  type Direction,
  isPeer,
  isResolver,
  opens,
  policiesOf,
  type PolicyRule,
  rulesOf,
} from '../policies.js';
import type { Rule } from './rule.js';

/** Policies let through what talks, and nothing else. */
export const leastTraffic: Rule = (manifests) => {
  const known = talks(manifests);
  return manifests.ofKind('Namespace').flatMap(({ metadata: { name } }) =>
    (['Ingress', 'Egress'] as const).flatMap((direction) =>
      policiesOf(manifests, name, direction).flatMap((policy) =>
        rulesOf(policy, direction).flatMap((rule) => [
          ...toAnybody(manifests, policy, direction, rule),
          ...toNobody(manifests, policy, direction, rule),
          ...needless(manifests, policy, direction, rule)
            .filter((talk) => !known.has(talk))
            .map((talk) => `${idOf(policy)} lets through ${talk}, which nothing needs`),
        ]),
      ),
    ),
  );
};

/** Every way between two workloads that an address of the first one asks for. */
function talks(manifests: Manifests): ReadonlySet<string> {
  const found = manifests.workloads.flatMap((source) =>
    addressesOf(manifests, source).flatMap((address) => {
      const { targets, port = address.port } = targetsOf(manifests, address);
      return targets.map((target) => written(source, target, portNumber(target, port) ?? port));
    }),
  );
  return new Set(found);
}

function toAnybody(
  manifests: Manifests,
  policy: OfKind<'NetworkPolicy'>,
  direction: Direction,
  rule: PolicyRule,
): readonly string[] {
  const asking = manifests.selected(policy.metadata.namespace, policy.spec.podSelector);
  const isToApi =
    direction === 'Egress' && isWayToApi(rule) && asking.every((workload) => hasRole(manifests, workload));
  const isWide = rule.peers?.some(({ namespaceSelector }) => isEmpty(namespaceSelector)) ?? !isToApi;
  return isWide ? [`${idOf(policy)} has ${direction} for anybody`] : [];
}

/** Whom a rule names that is none of our pods, but for the DNS. */
function toNobody(
  manifests: Manifests,
  policy: OfKind<'NetworkPolicy'>,
  direction: Direction,
  { peers = [], ports = [{}] }: PolicyRule,
): readonly string[] {
  const { namespace } = policy.metadata;
  const isOurs = (peer: V1NetworkPolicyPeer) =>
    manifests.workloads.some((workload) => isPeer(manifests, peer, namespace, workload));
  const isForNames = direction === 'Egress' && ports.every(({ port }) => port === 53);
  return peers
    .filter((peer) => !isOurs(peer) && !(isForNames && isResolver(peer)))
    .map((peer) => `${idOf(policy)} has ${direction} for ${JSON.stringify(peer)}, which nothing here is`);
}

/** What a rule lets through, of the ports that any workload opens. */
function needless(
  manifests: Manifests,
  policy: OfKind<'NetworkPolicy'>,
  direction: Direction,
  rule: PolicyRule,
): readonly string[] {
  const { namespace } = policy.metadata;
  return manifests.selected(namespace, policy.spec.podSelector).flatMap((own) =>
    manifests.workloads
      .filter((other) => rule.peers?.some((peer) => isPeer(manifests, peer, namespace, other)))
      .flatMap((other) => {
        const [source, target] = direction === 'Egress' ? [own, other] : [other, own];
        return openPorts(target)
          .filter((port) => opens(rule, port, target))
          .map((port) => written(source, target, port));
      }),
  );
}

function openPorts({ spec }: Workload): readonly number[] {
  return spec.template.spec.containers.flatMap(({ ports = [] }) =>
    ports.map(({ containerPort }) => containerPort),
  );
}

function isEmpty(selector: object | undefined): boolean {
  return selector !== undefined && Object.keys(selector).length === 0;
}

function written(source: Workload, target: Workload, port: number | string): string {
  return `${idOf(source)} to ${idOf(target)} by ${port}`;
}
