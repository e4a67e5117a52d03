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
    plant: (all) => (pod(all, 'messaging/kafka-topics').volumes![0]!.configMap!.items![0]!.key = 'topics.sh'),
    message:
      /^Job messaging\/kafka-topics needs topics\.sh of the ConfigMap kafka-topics-\w+, which has no such key$/,
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
