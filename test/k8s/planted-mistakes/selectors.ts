import { KAFKA, type Mistake, ORDERS, pod, policy, service } from './plant.js';

export const selectors: readonly Mistake[] = [
  {
    of: 'a Service that selects no pod',
    plant: (all) => (service(all).selector = { 'app.kubernetes.io/name': 'orders' }),
    message: `Service ${ORDERS} selects {"app.kubernetes.io/name":"orders"}, which no pod is`,
  },
  {
    of: 'a Deployment that does not select its own pods',
    plant: (all) => (all.workload(ORDERS).spec.selector = { matchLabels: { app: 'order-service' } }),
    message: `Deployment ${ORDERS} selects {"app":"order-service"}, which its own pods are not`,
  },
  {
    of: 'a spread that does not count its own pods',
    plant: (all) =>
      (pod(all).topologySpreadConstraints![0]!.labelSelector = { matchLabels: { app: 'order-service' } }),
    message: `Deployment ${ORDERS} selects {"app":"order-service"}, which its own pods are not`,
  },
  {
    of: 'a disruption budget for nobody',
    plant: (all) => (all.get('PodDisruptionBudget', KAFKA).spec.selector = { matchLabels: { app: 'kafka' } }),
    message: `PodDisruptionBudget ${KAFKA} selects {"app":"kafka"}, which no pod is`,
  },
  {
    of: 'a network policy for nobody',
    plant: (all) => (policy(all, 'messaging/kafka-topics').podSelector = { matchLabels: { app: 'topics' } }),
    message: 'NetworkPolicy messaging/kafka-topics selects {"app":"topics"}, which no pod is',
  },
  {
    of: 'a Service with the pods of another one',
    plant: (all) => (service(all).selector = { 'app.kubernetes.io/name': 'notification-service' }),
    message: `Service ${ORDERS} selects the pods of Deployment production/notification-service`,
  },
  {
    of: 'a disruption budget for the pods of another one',
    plant: (all) =>
      (all.get('PodDisruptionBudget', ORDERS).spec.selector = {
        matchLabels: { 'app.kubernetes.io/name': 'notification-service' },
      }),
    message: `PodDisruptionBudget ${ORDERS} does not select the pods of Deployment ${ORDERS}`,
  },
];
