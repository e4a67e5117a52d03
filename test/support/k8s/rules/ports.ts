import type { V1Probe } from '@kubernetes/client-node';
import { containersOf, idOf, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

/** Every port that a Service or a probe names is open in a pod. */
export const ports: Rule = (manifests) => [
  ...manifests.ofKind('Service').flatMap((service) =>
    manifests
      .selected(service.metadata.namespace, { matchLabels: service.spec.selector ?? {} })
      .flatMap((workload) =>
        (service.spec.ports ?? [])
          .map(({ port, targetPort = port }) => targetPort)
          .filter((port) => portNumber(workload, port) === undefined)
          .map((port) => `${idOf(service)} leads to the port ${port}, which ${idOf(workload)} does not open`),
      ),
  ),
  ...manifests.workloads.flatMap((workload) =>
    containersOf(workload)
      .flatMap(({ startupProbe, readinessProbe, livenessProbe }) => [
        startupProbe,
        readinessProbe,
        livenessProbe,
      ])
      .flatMap((probe) => probedPort(probe) ?? [])
      .filter((port) => portNumber(workload, port) === undefined)
      .map((port) => `A probe of ${idOf(workload)} asks the port ${port}, which it does not open`),
  ),
];

/** The number of a port by its name or number, if a container opens it. */
export function portNumber(workload: Workload, port: number | string): number | undefined {
  return containersOf(workload)
    .flatMap(({ ports = [] }) => ports)
    .find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort;
}

function probedPort(probe: V1Probe | undefined): number | string | undefined {
  return probe?.httpGet?.port ?? probe?.tcpSocket?.port;
}
