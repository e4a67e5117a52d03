import { hasRole, isWayToApi } from '../kubernetes-api.js';
import { idOf, type Manifests, type Workload } from '../manifests.js';
import { rulesFor } from '../policies.js';
import type { Rule } from './rule.js';

/** Whoever has a role may ask the API of Kubernetes for what it allows; nobody else has a token. */
export const kubernetesApi: Rule = (manifests) =>
  manifests.workloads.flatMap((workload) => {
    const mistakes = hasRole(manifests, workload)
      ? {
          'has a role, and no token to use it': !hasToken(manifests, workload),
          'has a role, and no policy lets it out to the API of Kubernetes': !rulesFor(
            manifests,
            workload,
            'Egress',
          ).some(isWayToApi),
        }
      : { 'has a token for the API of Kubernetes, and no role': hasToken(manifests, workload) };
    return Object.entries(mistakes)
      .filter(([, isMade]) => isMade)
      .map(([mistake]) => `${idOf(workload)} ${mistake}`);
  });

function hasToken(manifests: Manifests, { metadata, spec }: Workload): boolean {
  const { serviceAccountName = 'default', automountServiceAccountToken } = spec.template.spec;
  const account = manifests.find('ServiceAccount', metadata.namespace, serviceAccountName) as
    { readonly automountServiceAccountToken?: boolean } | undefined;
  return automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
}
