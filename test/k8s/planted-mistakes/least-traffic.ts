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
  {
    of: 'a policy that lets everybody in, beside the one that denies it',
    plant: (all) => (policy(all, 'production/deny-all').ingress = [{}]),
    message: 'NetworkPolicy production/deny-all has Ingress for anybody',
  },
  {
    of: 'a policy for all addresses',
    plant: (all) => policy(all).egress!.push({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }),
    message: `NetworkPolicy ${ORDERS} has Egress for {"ipBlock":{"cidr":"0.0.0.0/0"}}, which nothing here is`,
  },
  {
    of: 'a policy for a namespace of somebody else',
    plant: (all) =>
      Object.assign(policy(all, KAFKA).ingress![0]!, {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } }],
      }),
    message: `NetworkPolicy ${KAFKA} has Ingress for {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"default"}}}, which nothing here is`,
  },
  {
    of: 'a service that may ask the API of Kubernetes',
    plant: (all) => policy(all).egress!.push({ ports: [{ protocol: 'TCP', port: 443 }] }),
    message: `NetworkPolicy ${ORDERS} has Egress for anybody`,
  },
  {
    of: 'a way to more of the cluster than its DNS',
    plant: (all) => delete policy(all, 'production/look-up-names').egress![0]!.to![0]!.podSelector,
    message:
      'NetworkPolicy production/look-up-names has Egress for {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}}}, which nothing here is',
  },
  {
    of: 'a way to more ports of the DNS',
    plant: (all) => delete policy(all, 'production/look-up-names').egress![0]!.ports,
    message: /^NetworkPolicy production\/look-up-names has Egress for .*kube-dns.*, which nothing here is$/,
  },
  {
    of: 'a range of ports',
    plant: (all) => (policy(all).egress![1]!.ports![0]!.endPort = 9093),
    message: `NetworkPolicy ${ORDERS} lets through Deployment ${ORDERS} to StatefulSet ${KAFKA} by 9093, which nothing needs`,
  },
];
