import { containersOf, idOf } from '../manifests.js';
import type { Rule } from './rule.js';

/** Every image is of one version, which does not change. */
export const images: Rule = ({ workloads }) =>
  workloads.flatMap((workload) =>
    containersOf(workload)
      .map(({ image = '' }) => image)
      .filter((image) => !isOneVersion(image))
      .map((image) => `${idOf(workload)} runs ${image}, which is no version`),
  );

function isOneVersion(image: string): boolean {
  return (
    /:v?\d+\.\d+(\.\d+)*(-\w+)*$|@sha256:[\da-f]{64}$/.test(image) && !/\b(latest|edge|nightly)$/.test(image)
  );
}
