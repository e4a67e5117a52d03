import type { V1Probe } from '@kubernetes/client-node';
import { containersOf, idOf, portNumber, probesOf } from '../manifests.js';
import type { Rule } from './rule.js';

/** Every port that a Service, a probe or a hook names is open in a pod. */
export const ports: Rule = (manifests) => [
  ...manifests.ofKind('Service').flatMap((service) =>
    manifests
      .selected(service.metadata.namespace, { matchLabels: service.spec.selector ?? {} })
      .flatMap((workload) =>
        (service.spec.ports ?? [])
          .map(({ port, targetPort = port, protocol = 'TCP' }) => ({ port: targetPort, protocol }))
          .filter(({ port, protocol }) => portNumber(workload, port, protocol) === undefined)
          .map(
            ({ port, protocol }) =>
              `${idOf(service)} leads to the port ${port} by ${protocol}, which ${idOf(workload)} does not open`,
          ),
      ),
  ),
  ...manifests.workloads.flatMap((workload) => {
    const isClosed = (port: number | string) => portNumber(workload, port) === undefined;
    return containersOf(workload).flatMap((container) => {
      const { postStart, preStop } = container.lifecycle ?? {};
      return [
        ...probesOf(container)
          .flatMap((probe) => askedPort(probe) ?? [])
          .filter(isClosed)
          .map((port) => `A probe of ${idOf(workload)} asks the port ${port}, which it does not open`),
        ...[postStart, preStop]
          .flatMap((hook) => askedPort(hook) ?? [])
          .filter(isClosed)
          .map((port) => `A hook of ${idOf(workload)} asks the port ${port}, which it does not open`),
      ];
    });
  }),
];

function askedPort(action: Pick<V1Probe, 'httpGet' | 'tcpSocket'> | undefined): number | string | undefined {
  return action?.httpGet?.port ?? action?.tcpSocket?.port;
}
