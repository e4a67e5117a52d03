import { KAFKA, type Mistake, ORDERS, policy } from './plant.js';

export const leastTraffic: readonly Mistake[] = [
  {
    of: 'a policy that lets a service out to anybody',
    plant: (all) => policy(all).egress!.push({}),
    message: `NetworkPolicy ${ORDERS} has Egress for anybody`,
  },
  {
    of: 'a policy that lets everybody of the cluster in',
    plant: (all) => Object.assign(policy(all, KAFKA).ingress![0]!, { from: [{ namespaceSelector: {} }] }),
    message: `NetworkPolicy ${KAFKA} has Ingress for anybody`,
  },
  {
    of: 'a way that nothing takes',
    plant: (all) => policy(all).egress![1]!.ports!.push({ protocol: 'TCP', port: 9093 }),
    message: `NetworkPolicy ${ORDERS} lets through Deployment ${ORDERS} to StatefulSet ${KAFKA} by 9093, which nothing needs`,
  },
];
