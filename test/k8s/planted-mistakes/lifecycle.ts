import { container, KAFKA, type Mistake, ORDERS, pod } from './plant.js';

export const lifecycle: readonly Mistake[] = [
  {
    of: 'npm as process 1',
    plant: (all) => (container(all).command = ['npm', 'start']),
    message: `Deployment ${ORDERS}: order-service runs npm, and node is not process 1`,
  },
  {
    of: 'a shell as process 1',
    plant: (all) => (container(all).command = ['sh', '-c', 'node dist/service.js']),
    message: `Deployment ${ORDERS}: order-service runs sh, and node is not process 1`,
  },
  {
    of: 'a process 1 of Kubernetes',
    plant: (all) => (pod(all).shareProcessNamespace = true),
    message: `Deployment ${ORDERS}: order-service runs node, and node is not process 1`,
  },
  {
    of: 'an end that is too soon',
    plant: (all) => (pod(all).terminationGracePeriodSeconds = 15),
    message: `Deployment ${ORDERS}: order-service is killed 15 s after the stop, and needs more than 5 + 10`,
  },
  {
    of: 'a start that is given up too soon',
    plant: (all) => (container(all).startupProbe!.failureThreshold = 15),
    message: `Deployment ${ORDERS}: order-service is given 30 s to start, and waits for 150`,
  },
  {
    of: 'no readiness probe',
    plant: (all) => delete container(all, KAFKA).readinessProbe,
    message: `StatefulSet ${KAFKA}: kafka has no readiness probe`,
  },
  {
    of: 'no liveness probe',
    plant: (all) => delete container(all, KAFKA).livenessProbe,
    message: `StatefulSet ${KAFKA}: kafka has no liveness probe`,
  },
  {
    of: 'a container that waits for Kafka',
    plant: (all) =>
      (pod(all).initContainers = [
        Object.assign(structuredClone(container(all)), {
          name: 'wait',
          command: ['sh', '-c', 'nc -z kafka 9092'],
        }),
      ]),
    message: `Deployment ${ORDERS}: wait runs before the service, which waits for what it needs itself`,
  },
];
