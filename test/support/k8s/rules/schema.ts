import * as models from '@kubernetes/client-node/dist/gen/models/all.js';
import * as appsV1 from 'kubernetes-models/apps/v1';
import * as batchV1 from 'kubernetes-models/batch/v1';
import * as networkingV1 from 'kubernetes-models/networking.k8s.io/v1';
import * as policyV1 from 'kubernetes-models/policy/v1';
import * as rbacV1 from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import * as v1 from 'kubernetes-models/v1';
import { idOf, type KubernetesObject } from '../manifests.js';
import type { Rule } from './rule.js';

type Validated = new (object: object) => { validate(): void };

/** These check types and required fields, but let a field pass that does not exist. */
const VALIDATORS: Readonly<Record<string, object>> = {
  v1,
  'apps/v1': appsV1,
  'batch/v1': batchV1,
  'networking.k8s.io/v1': networkingV1,
  'policy/v1': policyV1,
  'rbac.authorization.k8s.io/v1': rbacV1,
};

interface Attribute {
  readonly baseName: string;
  /** `string`, `V1PodSpec`, `Array<V1Container>`, `{ [key: string]: string; }` and the like. */
  readonly type: string;
}

/** These know every field. All the kinds that we use are of a version v1. */
const MODELS = models as unknown as Readonly<
  Record<string, { getAttributeTypeMap?(): readonly Attribute[] } | undefined>
>;

/** Every object has the fields that it needs, of the right type, and no other ones. */
export const schema: Rule = ({ objects }) =>
  objects.flatMap((object) => [...invalid(object), ...unknown(object)]);

function invalid(object: KubernetesObject): readonly string[] {
  const validators = VALIDATORS[object.apiVersion] as Readonly<Record<string, Validated>> | undefined;
  const Validator = validators?.[object.kind];
  if (!Validator) return [`${idOf(object)}: nothing is known of ${object.apiVersion} ${object.kind}`];
  try {
    new Validator(withoutLineBreaks(object)).validate();
    return [];
  } catch (error) {
    return [`${idOf(object)}: ${(error as Error).message}`];
  }
}

/** kustomize breaks long values of a Secret into lines, which Kubernetes takes and the validator does not. */
function withoutLineBreaks(object: KubernetesObject): object {
  if (object.kind !== 'Secret') return object;
  const data = Object.entries((object as { data?: Record<string, string> }).data ?? {});
  return {
    ...object,
    data: Object.fromEntries(data.map(([key, value]) => [key, value.replaceAll('\n', '')])),
  };
}

function unknown(object: KubernetesObject): readonly string[] {
  return unknownFields(`V1${object.kind}`, object).map(
    (field) => `${idOf(object)}: there is no field ${field}`,
  );
}

function unknownFields(type: string, value: unknown): readonly string[] {
  // Of a wrong type, which the validators tell.
  if (typeof value !== 'object' || value === null) return [];
  const [, item] = /^(?:Array<|\{ \[key: string\]: )(\w+)/.exec(type) ?? [];
  if (item !== undefined) {
    return Object.entries(value).flatMap(([key, value]) => below(key, unknownFields(item, value)));
  }
  const attributes = MODELS[type]?.getAttributeTypeMap?.();
  if (!attributes) return [];
  return Object.entries(value).flatMap(([field, value]) => {
    const attribute = attributes.find(({ baseName }) => baseName === field);
    return attribute ? below(field, unknownFields(attribute.type, value)) : [field];
  });
}

function below(key: string, fields: readonly string[]): readonly string[] {
  return fields.map((field) => `${key}.${field}`);
}
