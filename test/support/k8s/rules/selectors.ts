import type { V1LabelSelector } from '@kubernetes/client-node';
import {
  idOf,
  type KubernetesObject,
  type Manifests,
  podLabels,
  selects,
  type Workload,
} from '../manifests.js';
import type { Rule } from './rule.js';

/** Whatever selects pods selects some, and the right ones: a workload its own, and what has a workload's name the pods of that. */
export const selectors: Rule = (manifests) => [
  ...manifests.workloads.flatMap(ofWorkload),
  ...manifests
    .ofKind('Service')
    .flatMap((service) => ofOther(manifests, service, { matchLabels: service.spec.selector ?? {} })),
  ...manifests
    .ofKind('PodDisruptionBudget')
    .flatMap((budget) => ofOther(manifests, budget, budget.spec.selector)),
  ...manifests
    .ofKind('NetworkPolicy')
    .flatMap((policy) => ofOther(manifests, policy, policy.spec.podSelector)),
];

function ofWorkload(workload: Workload): readonly string[] {
  const { selector, template } = workload.spec;
  const own = workload.kind === 'Job' ? [] : [selector];
  const spread = template.spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector) ?? [];
  return [...own, ...spread]
    .filter((selector) => !selects(selector, podLabels(workload)))
    .map((selector) => `${idOf(workload)} selects ${written(selector)}, which its own pods are not`);
}

function ofOther(
  manifests: Manifests,
  object: KubernetesObject,
  selector: V1LabelSelector | undefined,
): readonly string[] {
  const { name, namespace } = object.metadata;
  const found = manifests.selected(namespace, selector);
  if (found.length === 0) return [`${idOf(object)} selects ${written(selector)}, which no pod is`];
  const ofItsName = manifests.workloads.filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  );
  if (ofItsName.length === 0) return [];
  return [...ofItsName, ...found]
    .filter((workload) => !(found.includes(workload) && ofItsName.includes(workload)))
    .map((workload) =>
      found.includes(workload)
        ? `${idOf(object)} selects the pods of ${idOf(workload)}`
        : `${idOf(object)} does not select the pods of ${idOf(workload)}`,
    );
}

function written(selector: V1LabelSelector | undefined): string {
  return JSON.stringify(selector?.matchExpressions ?? selector?.matchLabels ?? {});
}
