import type { V1Container, V1KeyToPath, V1PodSpec, V1Volume } from '@kubernetes/client-node';
import {
  containersOf,
  idOf,
  type KubernetesObject,
  type Manifests,
  type OfKind,
  podLabels,
  type Workload,
} from '../manifests.js';
import type { Rule } from './rule.js';

const POD_INDEX = 'apps.kubernetes.io/pod-index';

type Kept = 'ConfigMap' | 'Secret';

interface Reference {
  readonly kind: Kept;
  readonly name?: string | undefined;
  readonly key?: string | undefined;
  readonly optional?: boolean | undefined;
}

/** Everything that is named exists: namespaces, ConfigMaps, Secrets and their keys, volumes and files, accounts, roles. */
export const references: Rule = (manifests) => [
  ...manifests.objects.flatMap((object) => namespaceOf(manifests, object)),
  ...manifests.workloads.flatMap((workload) => ofWorkload(manifests, workload)),
  ...manifests
    .ofKind('RoleBinding')
    .flatMap((binding) => [
      ...missing(manifests, binding, binding.roleRef.kind, binding.metadata.namespace, binding.roleRef.name),
      ...(binding.subjects ?? []).flatMap(({ kind, namespace, name }) =>
        missing(manifests, binding, kind, namespace, name),
      ),
    ]),
];

function namespaceOf(manifests: Manifests, object: KubernetesObject): readonly string[] {
  const { namespace } = object.metadata;
  if (object.kind === 'Namespace') return [];
  if (namespace === undefined) return [`${idOf(object)} is in no namespace`];
  return missing(manifests, object, 'Namespace', undefined, namespace);
}

function ofWorkload(manifests: Manifests, workload: Workload): readonly string[] {
  const { namespace } = workload.metadata;
  const { serviceName, template } = workload.spec;
  const { serviceAccountName, imagePullSecrets = [], volumes = [] } = template.spec;
  const all = [
    ...imagePullSecrets.flatMap((secret) => kept('Secret', secret)),
    ...volumes.flatMap(referencesOfVolume),
    ...containersOf(workload).flatMap(referencesOfContainer),
  ];
  return [
    ...all.flatMap((reference) => keptMissing(manifests, workload, reference)),
    ...(serviceName === undefined ? [] : missing(manifests, workload, 'Service', namespace, serviceName)),
    ...(serviceAccountName === undefined
      ? []
      : missing(manifests, workload, 'ServiceAccount', namespace, serviceAccountName)),
    ...volumes.flatMap(({ persistentVolumeClaim }) =>
      persistentVolumeClaim
        ? missing(manifests, workload, 'PersistentVolumeClaim', namespace, persistentVolumeClaim.claimName)
        : [],
    ),
    ...mountsMissing(workload),
    ...fieldsMissing(workload),
    ...filesMissing(manifests, workload, template.spec),
  ];
}

function referencesOfVolume({ configMap, secret, projected }: V1Volume): readonly Reference[] {
  return [
    ...files('ConfigMap', configMap),
    ...files('Secret', secret, secret?.secretName),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...files('ConfigMap', source.configMap),
      ...files('Secret', source.secret),
    ]),
  ];
}

/** The whole of it, or the keys that are named. */
function files(
  kind: Kept,
  source: { readonly name?: string; readonly optional?: boolean; readonly items?: V1KeyToPath[] } | undefined,
  name = source?.name,
): readonly Reference[] {
  if (!source) return [];
  const { optional, items } = source;
  return items ? items.map(({ key }) => ({ kind, name, key, optional })) : [{ kind, name, optional }];
}

function referencesOfContainer({ envFrom = [], env = [] }: V1Container): readonly Reference[] {
  return [
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [
      ...kept('ConfigMap', configMapRef),
      ...kept('Secret', secretRef),
    ]),
    ...env.flatMap(({ valueFrom }) => [
      ...kept('ConfigMap', valueFrom?.configMapKeyRef),
      ...kept('Secret', valueFrom?.secretKeyRef),
    ]),
  ];
}

function kept(kind: Kept, source: Omit<Reference, 'kind'> | undefined): readonly Reference[] {
  return source ? [{ kind, name: source.name, key: source.key, optional: source.optional }] : [];
}

function keptMissing(
  manifests: Manifests,
  workload: Workload,
  { kind, name, key, optional }: Reference,
): readonly string[] {
  if (optional) return [];
  const found: OfKind<'Secret'> | undefined = manifests.find(kind, workload.metadata.namespace, name);
  if (!found) return [`${idOf(workload)} needs the ${kind} ${name}, which does not exist`];
  const has = key === undefined || key in { ...found.data, ...found.stringData };
  return has ? [] : [`${idOf(workload)} needs ${key} of the ${kind} ${name}, which has no such key`];
}

function mountsMissing(workload: Workload): readonly string[] {
  const { template, volumeClaimTemplates = [] } = workload.spec;
  const volumes = new Set([
    ...(template.spec.volumes ?? []).map(({ name }) => name),
    ...volumeClaimTemplates.map(({ metadata }) => metadata?.name),
  ]);
  return containersOf(workload)
    .flatMap(({ volumeMounts = [] }) => volumeMounts)
    .filter(({ name }) => !volumes.has(name))
    .map(({ name }) => `${idOf(workload)} mounts the volume ${name}, which it does not have`);
}

/** What a pod may be told of itself, but for its labels. @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
const FIELDS: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

function fieldsMissing(workload: Workload): readonly string[] {
  // The index is a label of the pods that a StatefulSet makes.
  const own = { ...podLabels(workload), ...(workload.kind === 'StatefulSet' && { [POD_INDEX]: '0' }) };
  const labels = Object.keys(own).map((label) => `metadata.labels['${label}']`);
  return containersOf(workload)
    .flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath ?? []))
    .filter((path) => !FIELDS.has(path) && !labels.includes(path))
    .map((path) => `${idOf(workload)} needs its own ${path}, which it does not have`);
}

/** Of the files that a command, a variable or a mount names, those of a mounted ConfigMap. */
function filesMissing(
  manifests: Manifests,
  workload: Workload,
  { volumes = [] }: V1PodSpec,
): readonly string[] {
  return containersOf(workload).flatMap(({ command = [], args = [], env = [], volumeMounts = [] }) => {
    const words = [...command, ...args, ...env.flatMap(({ value }) => value ?? [])];
    return volumeMounts.flatMap(({ name, mountPath, subPath }) => {
      const { configMap } = volumes.find((volume) => volume.name === name) ?? {};
      if (!configMap) return [];
      const found = manifests.find('ConfigMap', workload.metadata.namespace, configMap.name);
      const files = configMap.items?.map(({ path }) => path) ?? Object.keys(found?.data ?? {});
      const named = words.flatMap((word) => word.split(`${mountPath}/`).slice(1));
      return [...named.map((file) => ({ file, path: `${mountPath}/${file}` })), ...partOf(mountPath, subPath)]
        .filter(({ file }) => !files.includes(file))
        .map(({ path }) => `${idOf(workload)} reads ${path}, which is not in the ConfigMap`);
    });
  });
}

function partOf(path: string, subPath: string | undefined): readonly { file: string; path: string }[] {
  return subPath === undefined ? [] : [{ file: subPath, path }];
}

function missing(
  manifests: Manifests,
  by: KubernetesObject,
  kind: string,
  namespace: string | undefined,
  name: string,
): readonly string[] {
  if (manifests.find(kind, namespace, name)) return [];
  return [
    `${idOf(by)} needs the ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}, which does not exist`,
  ];
}
