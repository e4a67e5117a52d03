import type { V1Container, V1Volume } from '@kubernetes/client-node';
import { containersOf, idOf, probesOf, type Workload } from '../manifests.js';
import { isService } from '../services.js';
import type { Rule } from './rule.js';

const SIMPLE_VOLUMES: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** The standard takes some values of these and not others; nothing here needs any. */
const UNNEEDED = ['appArmorProfile', 'procMount', 'seLinuxOptions', 'sysctls', 'windowsOptions'];

/**
 * Namespaces enforce the standard `restricted`, and every pod is one that it takes; our own services may do less still.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export const podSecurity: Rule = (manifests) => [
  ...manifests
    .ofKind('Namespace')
    .filter(({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
    .map((namespace) => `${idOf(namespace)} does not enforce the Pod Security Standard restricted`),
  ...manifests.workloads.flatMap((workload) =>
    ofPod(workload).map((mistake) => `${idOf(workload)}: ${mistake}`),
  ),
];

function ofPod(workload: Workload): readonly string[] {
  const { spec } = workload.spec.template;
  const hosts = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return [
    ...hosts.map((field) => `${field} is not allowed`),
    ...(spec.volumes ?? []).flatMap(volumeMistakes),
    ...containersOf(workload).flatMap((container) =>
      containerMistakes(workload, container).map((mistake) => `${container.name} ${mistake}`),
    ),
  ];
}

function volumeMistakes({ name, ...source }: V1Volume): readonly string[] {
  return Object.keys(source)
    .filter((kind) => !SIMPLE_VOLUMES.has(kind))
    .map((kind) => `the volume ${name} is a ${kind}, which is not allowed`);
}

function containerMistakes(workload: Workload, container: V1Container): readonly string[] {
  const { securityContext: own = {}, ports = [], lifecycle } = container;
  const actions = [...probesOf(container), lifecycle?.postStart, lifecycle?.preStop];
  const merged = Object.assign({}, workload.spec.template.spec.securityContext, own);
  const { add = [], drop = [] } = own.capabilities ?? {};
  const mistakes: Readonly<Record<string, boolean>> = {
    'may run as root': merged.runAsNonRoot !== true || merged.runAsUser === 0,
    'does not say by which user it runs': merged.runAsUser === undefined,
    'may gain privileges': own.allowPrivilegeEscalation !== false || own.privileged === true,
    'keeps capabilities':
      !drop.includes('ALL') || add.some((capability) => capability !== 'NET_BIND_SERVICE'),
    'has no seccomp profile': !['RuntimeDefault', 'Localhost'].includes(merged.seccompProfile?.type ?? ''),
    'may write its root file system': isService(workload) && own.readOnlyRootFilesystem !== true,
    'opens a port of its node': ports.some(({ hostPort }) => (hostPort ?? 0) !== 0),
    'has a probe or hook that asks another host': actions.some(
      (action) => (action?.httpGet?.host ?? action?.tcpSocket?.host ?? '') !== '',
    ),
  };
  return [
    ...Object.keys(mistakes).filter((mistake) => mistakes[mistake]),
    ...UNNEEDED.filter((field) => field in merged).map((field) => `has ${field}, which nothing here needs`),
  ];
}
