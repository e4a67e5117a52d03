import { type Address, addressesOf, isNameOfPods, targetsOf, textsOf } from '../addresses.js';
import { idOf, type Manifests, portNumber, type Workload } from '../manifests.js';
import { type Direction, isPeer, isResolver, opens, policiesOf, rulesFor } from '../policies.js';
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
  return textsOf(manifests, workload).flatMap(({ in: place, text }) =>
    hostsIn(text)
      .filter(({ host }) => !host.endsWith('.svc.cluster.local'))
      .map(({ part }) => `${idOf(workload)}: ${place} has ${part}, which is no whole name of a Service`),
  );
}

/** What stands where a host does, in a URL or before a port, and begins with a letter. */
function hostsIn(text: string): readonly { readonly host: string; readonly part: string }[] {
  const hosts =
    /\b[a-z][\w+.-]*:\/\/(?:[^\s@/,"']*@)?([a-z][\w.-]*)(?::\d+)?|(?<![\w./@:$({-])(?:\d+@)?([a-z][\w.-]*):\d{2,5}\b/gi;
  return [...text.matchAll(hosts)].map(([part, ofUrl, alone]) => ({ part, host: ofUrl ?? alone! }));
}

function unreachable(manifests: Manifests, source: Workload, address: Address): readonly string[] {
  const from = `${idOf(source)} is to talk to ${address.host}:${address.port}`;
  const { service, port, targets } = targetsOf(manifests, address);
  if (!service) return [`${from}, which no Service is`];
  if (!isNameOfPods(manifests, address.host)) return [`${from}, which no pod is`];
  if (port === undefined) return [`${from}, and ${idOf(service)} does not have that port`];
  return targets.flatMap((target) => {
    const opened = portNumber(target, port);
    // That it is not open is a mistake of the Service (ports.ts).
    if (opened === undefined) return [];
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
  port: number,
): boolean {
  const target = direction === 'Egress' ? peer : of;
  return rulesFor(manifests, of, direction).some(
    (rule) =>
      opens(rule, port, target) &&
      (!rule.peers || rule.peers.some((one) => isPeer(manifests, one, of.metadata.namespace, peer))),
  );
}

function looksUpNames(manifests: Manifests, workload: Workload): boolean {
  return rulesFor(manifests, workload, 'Egress').some(
    (rule) => opens(rule, 53, undefined, 'UDP') && rule.peers?.some(isResolver) === true,
  );
}
