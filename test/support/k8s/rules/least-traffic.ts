import { addressesOf, targetsOf } from '../addresses.js';
import { idOf, type Manifests, type OfKind, type Workload } from '../manifests.js';
import { type Direction, isPeer, opens, policiesOf, type PolicyRule, rulesOf } from '../policies.js';
import { portNumber } from './ports.js';
import type { Rule } from './rule.js';

/** The API of Kubernetes is no pod, so the Collector may ask anybody by these. */
const KUBERNETES_API = [443, 6443];

/** Policies let through what talks, and nothing else. */
export const leastTraffic: Rule = (manifests) => {
  const known = talks(manifests);
  return manifests.ofKind('Namespace').flatMap(({ metadata: { name } }) =>
    (['Ingress', 'Egress'] as const).flatMap((direction) =>
      policiesOf(manifests, name, direction).flatMap((policy) =>
        rulesOf(policy, direction).flatMap((rule) => [
          ...toAnybody(policy, direction, rule),
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
  policy: OfKind<'NetworkPolicy'>,
  direction: Direction,
  { peers, ports }: PolicyRule,
): readonly string[] {
  const isApi = direction === 'Egress' && ports?.every(({ port }) => KUBERNETES_API.includes(Number(port)));
  const isWide = !peers || peers.some(({ namespaceSelector }) => isEmpty(namespaceSelector));
  return isWide && isApi !== true ? [`${idOf(policy)} has ${direction} for anybody`] : [];
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
          .filter((port) => opens(rule, { port }))
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
