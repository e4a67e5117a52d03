import { container, KAFKA, type Mistake, ORDERS, pod } from './plant.js';

export const references: readonly Mistake[] = [
  {
    of: 'a ConfigMap that does not exist',
    plant: (all) => (container(all).envFrom![0]!.configMapRef!.name = 'orders'),
    message: `Deployment ${ORDERS} needs the ConfigMap orders, which does not exist`,
  },
  {
    of: 'a Secret that does not exist',
    plant: (all) => (container(all).env![0]!.valueFrom!.secretKeyRef!.name = 'database'),
    message: `Deployment ${ORDERS} needs the Secret database, which does not exist`,
  },
  {
    of: 'a key that does not exist',
    plant: (all) => (container(all).env![0]!.valueFrom!.secretKeyRef!.key = 'URL'),
    message: new RegExp(
      `^Deployment ${ORDERS} needs URL of the Secret postgres-\\w+, which has no such key$`,
    ),
  },
  {
    of: 'a key of a volume that does not exist',
    plant: (all) =>
      (pod(all, 'messaging/kafka-topics').volumes![0]!.configMap!.items = [
        { key: 'topics.sh', path: 'create-topics.sh' },
      ]),
    message:
      /^Job messaging\/kafka-topics needs topics\.sh of the ConfigMap kafka-topics-script-\w+, which has no such key$/,
  },
  {
    of: 'a file that is not mounted',
    plant: (all) => (container(all, 'observability/tempo').args = ['-config.file=/etc/tempo/tempo.yml']),
    message: 'StatefulSet observability/tempo reads /etc/tempo/tempo.yml, which is not in the ConfigMap',
  },
  {
    of: 'a volume that does not exist',
    plant: (all) => (container(all, KAFKA).volumeMounts![0]!.name = 'log'),
    message: `StatefulSet ${KAFKA} mounts the volume log, which it does not have`,
  },
  {
    of: 'a part of a volume that is no file',
    plant: (all) =>
      (container(all, 'observability/tempo').volumeMounts!.find(
        ({ name }) => name === 'configuration',
      )!.subPath = 'tempo.yml'),
    message: 'StatefulSet observability/tempo reads /etc/tempo, which is not in the ConfigMap',
  },
  {
    of: 'a Secret in a projected volume that does not exist',
    plant: (all) =>
      (pod(all).volumes = [{ name: 'all', projected: { sources: [{ secret: { name: 'certificates' } }] } }]),
    message: `Deployment ${ORDERS} needs the Secret certificates, which does not exist`,
  },
  {
    of: 'a Secret for its image that does not exist',
    plant: (all) => (pod(all).imagePullSecrets = [{ name: 'registry' }]),
    message: `Deployment ${ORDERS} needs the Secret registry, which does not exist`,
  },
  {
    of: 'a claim that does not exist',
    plant: (all) =>
      (pod(all).volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'order-data' } }]),
    message: `Deployment ${ORDERS} needs the PersistentVolumeClaim production/order-data, which does not exist`,
  },
  {
    of: 'a field of a pod that does not exist',
    plant: (all) =>
      (container(all).env!.find(({ name }) => name === 'NODE_NAME')!.valueFrom!.fieldRef!.fieldPath =
        'spec.node'),
    message: `Deployment ${ORDERS} needs its own spec.node, which it does not have`,
  },
  {
    of: 'a service account that does not exist',
    plant: (all) => (pod(all).serviceAccountName = 'orders'),
    message: `Deployment ${ORDERS} needs the ServiceAccount production/orders, which does not exist`,
  },
  {
    of: 'a role for nobody',
    plant: (all) =>
      Object.assign(all.get('RoleBinding', 'production/otel-collector'), {
        subjects: [{ kind: 'ServiceAccount', name: 'otel-collector', namespace: 'production' }],
      }),
    message:
      'RoleBinding production/otel-collector needs the ServiceAccount production/otel-collector, which does not exist',
  },
  {
    of: 'a namespace that does not exist',
    plant: (all) => (all.workload(ORDERS).metadata.namespace = 'shop'),
    message: 'Deployment shop/order-service needs the Namespace shop, which does not exist',
  },
];
