import type { V1LabelSelector } from '@kubernetes/client-node';
import { idOf, type KubernetesObject, type Manifests, podLabels, selects } from '../manifests.js';
import type { Rule } from './rule.js';

/** Whatever selects pods selects some, and a workload its own. */
export const selectors: Rule = (manifests) => [
  ...ofWorkloads(manifests),
  ...manifests
    .ofKind('Service')
    .flatMap((service) => nobody(manifests, service, { matchLabels: service.spec.selector ?? {} })),
  ...manifests
    .ofKind('PodDisruptionBudget')
    .flatMap((budget) => nobody(manifests, budget, budget.spec.selector)),
  ...manifests
    .ofKind('NetworkPolicy')
    .flatMap((policy) => nobody(manifests, policy, policy.spec.podSelector)),
];

function ofWorkloads({ workloads }: Manifests): readonly string[] {
  return workloads.flatMap((workload) => {
    const { selector, template } = workload.spec;
    const own = workload.kind === 'Job' ? [] : [selector];
    const spread = template.spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector) ?? [];
    return [...own, ...spread]
      .filter((selector) => !selects(selector, podLabels(workload)))
      .map((selector) => `${idOf(workload)} selects ${written(selector)}, which its own pods are not`);
  });
}

function nobody(
  manifests: Manifests,
  object: KubernetesObject,
  selector: V1LabelSelector | undefined,
): readonly string[] {
  const found = manifests.selected(object.metadata.namespace, selector);
  return found.length > 0 ? [] : [`${idOf(object)} selects ${written(selector)}, which no pod is`];
}

function written(selector: V1LabelSelector | undefined): string {
  return JSON.stringify(selector?.matchExpressions ?? selector?.matchLabels ?? {});
}
