import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

/** Where programs say in which folder they keep what has to stay; Tempo's file has its own rule. */
const OF_VARIABLES = ['KAFKA_LOG_DIRS', 'PGDATA'];
const OF_ARGUMENTS = /^--storage\.tsdb\.path=(.+)$/;

/** What a StatefulSet keeps is in its claim, which its user may write. */
export const data: Rule = (manifests) =>
  manifests.workloads
    .filter(({ kind }) => kind === 'StatefulSet')
    .flatMap((workload) => {
      const folders = containersOf(workload).flatMap((container) => {
        const variables = environmentOf(manifests, workload, container);
        return [
          ...OF_VARIABLES.flatMap((name) => variables[name] ?? []),
          ...(container.args ?? []).flatMap((word) => OF_ARGUMENTS.exec(word)?.[1] ?? []),
        ];
      });
      const { fsGroup, runAsUser } = workload.spec.template.spec.securityContext ?? {};
      return [
        ...folders
          .filter((folder) => !isKept(workload, folder))
          .map((folder) => `${idOf(workload)} keeps ${folder}, which is in no volume that stays`),
        ...(fsGroup !== undefined && fsGroup === runAsUser
          ? []
          : [`${idOf(workload)} runs as ${runAsUser}, and its volumes are of the group ${fsGroup}`]),
      ];
    });

function isKept(workload: Workload, folder: string): boolean {
  const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name);
  return containersOf(workload)
    .flatMap(({ volumeMounts = [] }) => volumeMounts)
    .some(
      ({ name, mountPath }) =>
        claims.includes(name) && (folder === mountPath || folder.startsWith(`${mountPath}/`)),
    );
}
