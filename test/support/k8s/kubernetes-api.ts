import type { Manifests, Workload } from './manifests.js';
import type { PolicyRule } from './policies.js';

/** By which the API of Kubernetes answers. It is no pod, so a way to it is one to anybody. */
const PORTS: ReadonlySet<unknown> = new Set([443, 6443]);

/** Whether a role is bound to the account of a workload. */
export function hasRole(manifests: Manifests, { metadata, spec }: Workload): boolean {
  const { serviceAccountName = 'default' } = spec.template.spec;
  return manifests
    .ofKind('RoleBinding')
    .some(({ subjects = [] }) =>
      subjects.some(
        ({ kind, name, namespace }) =>
          kind === 'ServiceAccount' && name === serviceAccountName && namespace === metadata.namespace,
      ),
    );
}

/** Whether all that a rule lets out to is the API. */
export function isWayToApi({ peers, ports = [{}] }: PolicyRule): boolean {
  return peers === undefined && ports.every(({ port, endPort }) => PORTS.has(port) && endPort === undefined);
}
