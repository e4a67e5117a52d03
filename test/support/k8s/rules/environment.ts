import { environmentOf } from '../environment-of.js';
import { containersOf, idOf } from '../manifests.js';
import { isService, type ServiceName, validate, variablesOf } from '../services.js';
import type { Rule } from './rule.js';

/** Read only where there is no server to keep the data. */
const WITHOUT_SERVER = 'DATA_DIR';

/** A service gets all the variables that it reads, and no others, with values that it takes. */
export const environment: Rule = (manifests) =>
  manifests.workloads.filter(isService).flatMap((workload) =>
    containersOf(workload).flatMap((container) => {
      const given = environmentOf(manifests, workload, container);
      // Of an optional Secret that is not there, too.
      const names = new Set([...Object.keys(given), ...(container.env ?? []).map(({ name }) => name)]);
      const read = variablesOf(workload.metadata.name);
      const missing = [...read].filter(
        (name) => !names.has(name) && !(name === WITHOUT_SERVER && names.has('DATABASE_URL')),
      );
      const unknown = [...names].filter(
        (name) => !read.has(name) && !isPartOfAnother(name, container.env ?? []),
      );
      return [
        ...missing.map((name) => `${idOf(workload)} does not get ${name}, which it reads`),
        ...unknown.map((name) => `${idOf(workload)} gets ${name}, which it does not read`),
        ...refused(workload.metadata.name, given).map((reason) => `${idOf(workload)}: ${reason}`),
      ];
    }),
  );

function refused(service: ServiceName, variables: NodeJS.ProcessEnv): readonly string[] {
  try {
    validate(service, variables);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** A variable is also read by those behind it that have `$(NAME)` in their value. */
function isPartOfAnother(name: string, env: readonly { readonly value?: string }[]): boolean {
  return env.some(({ value }) => value?.includes(`$(${name})`));
}
