import { containersOf, idOf } from '../manifests.js';
import type { Rule } from './rule.js';

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const QUANTITY = /^\d+(\.\d+)?([EPTGMk]i?|Ki|m|)$/;

/** Every container asks for what it needs, and is held to an amount of memory. */
export const resources: Rule = ({ workloads }) =>
  workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ name, resources: { requests = {}, limits = {} } = {} }) => {
      const needed = {
        'requests.cpu': requests['cpu'],
        'requests.memory': requests['memory'],
        'limits.memory': limits['memory'],
      };
      return Object.entries(needed)
        .filter(([, quantity]) => !QUANTITY.test(quantity ?? ''))
        .map(([field, quantity]) => `${idOf(workload)}: ${name} has ${quantity ?? 'no'} ${field}`);
    }),
  );
