import type { V1Container, V1NetworkPolicySpec, V1PodSpec, V1ServiceSpec } from '@kubernetes/client-node';
import { Manifests } from '../../support/k8s/manifests.js';

export interface Mistake {
  readonly of: string;
  /** Makes it, in the objects that it gets or in others, which it returns. */
  readonly plant: (manifests: Manifests) => unknown;
  readonly message: string | RegExp;
  /** The overlays that can have it. @default both */
  readonly in?: readonly string[];
}

export const ORDERS = 'production/order-service';
export const KAFKA = 'messaging/kafka';

export function pod(manifests: Manifests, id = ORDERS): V1PodSpec {
  return manifests.workload(id).spec.template.spec;
}

export function container(manifests: Manifests, id = ORDERS): V1Container {
  return pod(manifests, id).containers[0]!;
}

export function service(manifests: Manifests, id = ORDERS): V1ServiceSpec {
  return manifests.get('Service', id).spec;
}

export function policy(manifests: Manifests, id = ORDERS): V1NetworkPolicySpec {
  return manifests.get('NetworkPolicy', id).spec;
}

/** The ConfigMap that a workload gets its variables from. */
export function variables(manifests: Manifests, id = ORDERS): Record<string, string> {
  const [namespace] = id.split('/');
  const name = container(manifests, id).envFrom?.[0]?.configMapRef?.name;
  return manifests.get('ConfigMap', `${namespace}/${name}`).data!;
}

/** The files of the first ConfigMap that a workload has mounted. */
export function filesOf(manifests: Manifests, id: string): Record<string, string> {
  const [namespace] = id.split('/');
  const [configMap] = pod(manifests, id).volumes!.flatMap(({ configMap }) => configMap ?? []);
  return manifests.get('ConfigMap', `${namespace}/${configMap!.name}`).data!;
}

/** The Collector's file. */
export function collectorFiles(manifests: Manifests): Record<string, string> {
  return filesOf(manifests, 'observability/otel-collector');
}

/** Changes the first such text in a file. @throws Error if it is not there. */
export function replaceIn(
  files: Record<string, string>,
  file: string,
  text: string | RegExp,
  by: string,
): void {
  const changed = files[file]?.replace(text, by);
  if (changed === undefined || changed === files[file]) throw new Error(`${file} has no ${text}`);
  files[file] = changed;
}

/** Takes an object away. */
export function without(manifests: Manifests, kind: string, id: string): Manifests {
  const gone = manifests.get(kind, id);
  return new Manifests(manifests.objects.filter((object) => object !== gone));
}
