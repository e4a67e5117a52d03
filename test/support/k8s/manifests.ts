import type {
  RbacV1Subject,
  V1ConfigMap,
  V1Container,
  V1LabelSelector,
  V1NetworkPolicySpec,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1PodDisruptionBudgetSpec,
  V1PodTemplateSpec,
  V1PolicyRule,
  V1Probe,
  V1RoleRef,
  V1Secret,
  V1ServiceSpec,
} from '@kubernetes/client-node';

/** An object as it is applied. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: V1ObjectMeta & { name: string };
  [field: string]: unknown;
}

/** What the objects of a kind have besides. */
interface Kinds {
  readonly ConfigMap: Pick<V1ConfigMap, 'data'>;
  readonly Secret: Pick<V1Secret, 'data' | 'stringData'>;
  readonly Service: { readonly spec: V1ServiceSpec };
  readonly NetworkPolicy: { readonly spec: V1NetworkPolicySpec };
  readonly PodDisruptionBudget: { readonly spec: V1PodDisruptionBudgetSpec };
  readonly Role: { readonly rules: readonly V1PolicyRule[] };
  readonly RoleBinding: { readonly roleRef: V1RoleRef; readonly subjects?: readonly RbacV1Subject[] };
}

export type OfKind<Kind extends string> = KubernetesObject &
  (Kind extends keyof Kinds ? Kinds[Kind] : unknown);

export type Labels = Readonly<Record<string, string>>;

/** An object that makes pods. */
export interface Workload extends KubernetesObject {
  readonly spec: {
    replicas?: number;
    selector?: V1LabelSelector;
    serviceName?: string;
    podManagementPolicy?: string;
    readonly template: V1PodTemplateSpec & Required<Pick<V1PodTemplateSpec, 'spec'>>;
    volumeClaimTemplates?: V1PersistentVolumeClaim[];
  };
}

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'Job']);

/** All objects of one overlay. */
export class Manifests {
  constructor(readonly objects: readonly KubernetesObject[]) {}

  /** A copy, to change one thing in. */
  copy(): Manifests {
    return new Manifests(structuredClone(this.objects));
  }

  get workloads(): readonly Workload[] {
    return this.objects.filter(({ kind }) => WORKLOADS.has(kind)) as Workload[];
  }

  ofKind<Kind extends string>(kind: Kind): readonly OfKind<Kind>[] {
    return this.objects.filter((object) => object.kind === kind) as OfKind<Kind>[];
  }

  find<Kind extends string>(
    kind: Kind,
    namespace: string | undefined,
    name: string | undefined,
  ): OfKind<Kind> | undefined {
    return this.ofKind(kind).find(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    );
  }

  /** @throws Error if there is none. */
  get<Kind extends string>(kind: Kind, id: string): OfKind<Kind> {
    const found = this.ofKind(kind).find((object) => idOf(object) === `${kind} ${id}`);
    if (!found) throw new Error(`There is no ${kind} ${id}`);
    return found;
  }

  /** @throws Error if there is none. */
  workload(id: string): Workload {
    const found = this.workloads.find((workload) => idOf(workload).endsWith(` ${id}`));
    if (!found) throw new Error(`Nothing makes the pods of ${id}`);
    return found;
  }

  /** The workloads whose pods a selector of this namespace takes. */
  selected(namespace: string | undefined, selector: V1LabelSelector | undefined): readonly Workload[] {
    return this.workloads.filter(
      (workload) => workload.metadata.namespace === namespace && selects(selector, podLabels(workload)),
    );
  }
}

/** How messages name an object. */
export function idOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

export function podLabels(workload: Workload): Labels {
  return workload.spec.template.metadata?.labels ?? {};
}

export function containersOf(workload: Workload): readonly V1Container[] {
  const { initContainers = [], containers } = workload.spec.template.spec;
  return [...initContainers, ...containers];
}

export function probesOf({ startupProbe, readinessProbe, livenessProbe }: V1Container): readonly V1Probe[] {
  return [startupProbe, readinessProbe, livenessProbe].flatMap((probe) => probe ?? []);
}

/** The number of a port by its name or number, if a container opens it. */
export function portNumber(workload: Workload, port: number | string, by = 'TCP'): number | undefined {
  return containersOf(workload)
    .flatMap(({ ports = [] }) => ports)
    .filter(({ protocol = 'TCP' }) => protocol === by)
    .find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort;
}

/** Whether labels match; an empty selector matches all, none matches nothing. */
export function selects(selector: V1LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      return operator === 'Exists' ? value !== undefined : value === undefined;
    })
  );
}
