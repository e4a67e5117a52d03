import { containersOf, idOf } from '../manifests.js';
import type { Rule } from './rule.js';

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const QUANTITY = /^(?<amount>\d+(?:\.\d+)?)(?<unit>[EPTGMk]i?|Ki|m|)$/;
const UNITS = ['k', 'M', 'G', 'T', 'P', 'E'];

/** Every container asks for what it needs, and is held to an amount of memory. */
export const resources: Rule = ({ workloads }) =>
  workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ name, resources: { requests = {}, limits = {} } = {} }) => {
      const needed = {
        'requests.cpu': requests['cpu'],
        'requests.memory': requests['memory'],
        'limits.memory': limits['memory'],
      };
      const wrong = Object.entries(needed)
        .filter(([, quantity]) => !QUANTITY.test(quantity ?? ''))
        .map(([field, quantity]) => `${quantity ?? 'no'} ${field}`);
      const over = Object.keys(limits)
        .filter((resource) => amountOf(requests[resource]) > amountOf(limits[resource]))
        .map((resource) => `requests.${resource} of ${requests[resource]}, more than its limit`);
      return [...wrong, ...over].map((mistake) => `${idOf(workload)}: ${name} has ${mistake}`);
    }),
  );

function amountOf(quantity: string | undefined): number {
  const { amount, unit = '' } = QUANTITY.exec(quantity ?? '')?.groups ?? {};
  if (unit === 'm') return Number(amount) / 1000;
  const power = UNITS.findIndex((one) => one.toLowerCase() === unit[0]?.toLowerCase()) + 1;
  return Number(amount) * (unit.endsWith('i') ? 1024 : 1000) ** power;
}
