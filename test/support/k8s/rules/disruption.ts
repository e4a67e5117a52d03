import { idOf, type Manifests, podLabels, selects, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

/** What has several pods loses one at a time, and not all of them with one node. */
export const disruption: Rule = (manifests) =>
  manifests.workloads
    .filter(({ kind, spec }) => kind !== 'Job' && (spec.replicas ?? 1) > 1)
    .flatMap((workload) => [...budgetOf(manifests, workload), ...spreadOf(workload)]);

function budgetOf(manifests: Manifests, workload: Workload): readonly string[] {
  const budgets = manifests
    .ofKind('PodDisruptionBudget')
    .filter(
      ({ metadata, spec }) =>
        metadata.namespace === workload.metadata.namespace && selects(spec.selector, podLabels(workload)),
    );
  if (budgets.length !== 1) return [`${idOf(workload)} has disruption budgets: ${budgets.length}`];
  const [{ spec }] = budgets as [(typeof budgets)[number]];
  if (spec.maxUnavailable === 1 && spec.minAvailable === undefined) return [];
  return [`${idOf(budgets[0]!)} does not let one pod be away at a time: maxUnavailable has to be 1`];
}

function spreadOf(workload: Workload): readonly string[] {
  const { topologySpreadConstraints = [] } = workload.spec.template.spec;
  const spread = topologySpreadConstraints.find(
    ({ topologyKey, maxSkew }) => topologyKey === 'kubernetes.io/hostname' && maxSkew === 1,
  );
  if (!spread) return [`${idOf(workload)} may have all its pods on one node`];
  // Of what has to agree, two may not go with one node. Others rather share one than wait.
  const isApart =
    spread.whenUnsatisfiable === 'DoNotSchedule' && spread.minDomains === (workload.spec.replicas ?? 1);
  return workload.kind === 'StatefulSet' && !isApart
    ? [`${idOf(workload)} may have two pods on one node`]
    : [];
}
