import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Workload } from '../manifests.js';
import { isService, type ServiceName, validate, validatedBy, variablesOf } from '../services.js';
import type { Rule } from './rule.js';

/** Read only where there is no server to keep the data. */
const WITHOUT_SERVER = 'DATA_DIR';

/** A service gets all its variables, and no others, with values that it takes; nobody gets one twice. */
export const environment: Rule = (manifests) => [
  ...manifests.workloads.flatMap(givenTwice),
  ...manifests.workloads.filter(isService).flatMap((workload) =>
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
        ...unknown.map(
          (name) => `${idOf(workload)} gets ${name}, which is none of its variables (sample/README.md)`,
        ),
        ...refused(workload.metadata.name, given).map((reason) => `${idOf(workload)}: ${reason}`),
      ];
    }),
  ),
];

/** What a service that ran was seen to read (record-environment-reads.mjs), against what its pod gets. */
export function mistakesOfReading(
  workload: Workload & { readonly metadata: { readonly name: ServiceName } },
  given: readonly string[],
  read: ReadonlyMap<string, boolean>,
): readonly string[] {
  const [{ env = [] } = {}] = containersOf(workload);
  // It goes through all of them for these, once (environment.ts).
  const validated = validatedBy(workload.metadata.name);
  const unread = given.filter(
    (name) => !validated.has(name) && !read.has(name) && !isPartOfAnother(name, env),
  );
  // Of those of OpenTelemetry there are many, and a default for each; Node asks for its own in our place.
  const unnamed = [...read.keys()].filter(
    (name) => read.get(name) === true && !validated.has(name) && !/^(OTEL|NODE)_/.test(name),
  );
  return [
    ...unread.map((name) => `${idOf(workload)} gets ${name}, which it did not read`),
    ...unnamed.map((name) => `${idOf(workload)} read ${name}, which is none of its variables`),
  ];
}

function givenTwice(workload: Workload): readonly string[] {
  return containersOf(workload).flatMap(({ env = [] }) => {
    const names = env.map(({ name }) => name);
    const again = names.filter((name, index) => names.indexOf(name) < index);
    return again.map((name) => `${idOf(workload)} gets ${name} twice`);
  });
}

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
