import { type Mistake, ORDERS, pod, policy, without } from './plant.js';

const COLLECTOR = 'observability/otel-collector';

export const kubernetesApi: readonly Mistake[] = [
  {
    of: 'no way to the API for who has a role',
    plant: (all) => policy(all, COLLECTOR).egress!.pop(),
    message: `Deployment ${COLLECTOR} has a role, and no policy lets it out to the API of Kubernetes`,
  },
  {
    of: 'no token for who has a role',
    plant: (all) => (pod(all, COLLECTOR).automountServiceAccountToken = false),
    message: `Deployment ${COLLECTOR} has a role, and no token to use it`,
  },
  {
    of: 'a token for who has none',
    plant: (all) => (pod(all).automountServiceAccountToken = true),
    message: `Deployment ${ORDERS} has a token for the API of Kubernetes, and no role`,
  },
  {
    of: 'no role for what the Collector adds',
    plant: (all) => without(all, 'RoleBinding', 'production/otel-collector'),
    message: `Deployment ${COLLECTOR}: k8s_attributes asks for pods of production, and no role allows it`,
  },
  {
    of: 'a role that does not let it watch',
    plant: (all) =>
      Object.assign(all.get('Role', 'production/otel-collector').rules[1]!, { verbs: ['get', 'list'] }),
    message: `Deployment ${COLLECTOR}: k8s_attributes asks for replicasets of production, and no role allows it`,
  },
  {
    of: 'a role for replica sets of another group',
    plant: (all) =>
      Object.assign(all.get('Role', 'production/otel-collector').rules[1]!, { apiGroups: [''] }),
    message: `Deployment ${COLLECTOR}: k8s_attributes asks for replicasets of production, and no role allows it`,
  },
];
