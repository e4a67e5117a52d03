import { parse } from 'yaml';
import { idOf, type Manifests, type Workload } from './manifests.js';

/** What is in a YAML file that a workload has mounted; nothing where it has none of that name. */
export function mountedFile(manifests: Manifests, { metadata, spec }: Workload, name: string): unknown {
  const files = (spec.template.spec.volumes ?? []).map(
    ({ configMap }) => manifests.find('ConfigMap', metadata.namespace, configMap?.name)?.data?.[name],
  );
  return parse(files.find((file) => file !== undefined) ?? '') as unknown;
}

/** Whether an argument names the place where a file is mounted. */
function isTold({ spec: { template } }: Workload, name: string): boolean {
  return template.spec.containers.some(({ args = [], volumeMounts = [] }) =>
    volumeMounts.some(({ mountPath }) => args.some((word) => word.endsWith(`=${mountPath}/${name}`))),
  );
}

/**
 * What is wrong with a file of the workloads that have it: they are not told of it, it has settings that are not known, or else
 * what `mistakesIn` finds. One sentence each, which names the workload.
 */
export function mistakesOfFile(
  manifests: Manifests,
  name: string,
  known: Keys,
  mistakesIn: (file: never, workload: Workload) => readonly string[],
): readonly string[] {
  return manifests.workloads.flatMap((workload) => {
    const file = mountedFile(manifests, workload, name);
    if (file === null) return [];
    const mistakes = [
      ...(isTold(workload, name) ? [] : [`it is not told of ${name}`]),
      ...unknownKeys(file, known).map((key) => `the setting ${key} is not known`),
    ];
    return (mistakes.length > 0 ? mistakes : mistakesIn(file as never, workload)).map(
      (mistake) => `${idOf(workload)}: ${mistake}`,
    );
  });
}

/** Settings by their names: of a list those of each item, below `*` of whatever stands there. */
export interface Keys {
  readonly [name: string]: Keys | true;
}

/** The settings of a file that are not known, by their paths. */
function unknownKeys(value: unknown, known: Keys | true, path = ''): readonly string[] {
  if (known === true || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => unknownKeys(item, known, path));
  return Object.entries(value).flatMap(([name, below]) => {
    const whole = path === '' ? name : `${path}.${name}`;
    const keys = known[name] ?? known['*'];
    return keys === undefined ? [whole] : unknownKeys(below, keys, whole);
  });
}

/** `0.0.0.0:4318` of a port that the workload opens: a pod that listens on localhost hears nobody. */
export function isListeningPort(workload: Workload, endpoint: string | undefined): boolean {
  const [, port] = /^0\.0\.0\.0:(\d+)$/.exec(endpoint ?? '') ?? [];
  const ports = workload.spec.template.spec.containers.flatMap(({ ports = [] }) => ports);
  return ports.some(({ containerPort }) => containerPort === Number(port));
}
