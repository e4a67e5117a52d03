import type { V1Container, V1EnvVar } from '@kubernetes/client-node';
import type { Manifests, OfKind, Workload } from './manifests.js';

/** The variables that a container gets, of its first pod; what is only known in the cluster is a name in angle brackets. */
export function environmentOf(
  manifests: Manifests,
  workload: Workload,
  { envFrom = [], env = [] }: V1Container,
): Readonly<Record<string, string>> {
  const { namespace } = workload.metadata;
  const configMap = (name?: string) => manifests.find('ConfigMap', namespace, name)?.data ?? {};
  const secret = (name?: string) => decoded(manifests.find('Secret', namespace, name));
  const variables: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of envFrom) {
    for (const [name, value] of Object.entries({
      ...configMap(configMapRef?.name),
      ...secret(secretRef?.name),
    })) {
      // A key that can be no variable is left out, as a file of the same ConfigMap is.
      if (/^[A-Za-z_]\w*$/.test(name)) variables[`${prefix}${name}`] = value;
    }
  }
  for (const variable of env) {
    const value = valueOf(variable, workload, configMap, secret);
    if (value !== undefined) variables[variable.name] = expand(value, variables);
  }
  return variables;
}

type Read = (name: string | undefined) => Readonly<Record<string, string>>;

function valueOf(
  { value, valueFrom }: V1EnvVar,
  workload: Workload,
  configMap: Read,
  secret: Read,
): string | undefined {
  if (valueFrom?.configMapKeyRef)
    return configMap(valueFrom.configMapKeyRef.name)[valueFrom.configMapKeyRef.key];
  if (valueFrom?.secretKeyRef) return secret(valueFrom.secretKeyRef.name)[valueFrom.secretKeyRef.key];
  if (valueFrom?.fieldRef) return fieldOf(workload, valueFrom.fieldRef.fieldPath);
  return value ?? '';
}

/** @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
function fieldOf({ metadata }: Workload, path: string): string {
  if (path === 'metadata.name') return `${metadata.name}-0`;
  return path === 'metadata.namespace' ? (metadata.namespace ?? '') : `<${path}>`;
}

/** `$(NAME)` is replaced if NAME stands before it. */
function expand(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\((\w+)\)/g, (reference, name: string) => variables[name] ?? reference);
}

function decoded(secret: OfKind<'Secret'> | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(secret?.data ?? {});
  return {
    ...Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])),
    ...secret?.stringData,
  };
}
