import { container, KAFKA, type Mistake, ORDERS, pod } from './plant.js';

const IMAGE_RUNS = 'node --enable-source-maps dist/service.js';

export const lifecycle: readonly Mistake[] = [
  {
    of: 'npm as process 1',
    plant: (all) => (container(all).command = ['npm', 'start']),
    message: `Deployment ${ORDERS}: order-service runs npm start, and its image ${IMAGE_RUNS}`,
  },
  {
    of: 'a shell as process 1',
    plant: (all) => (container(all).command = ['sh', '-c', 'node dist/service.js']),
    message: `Deployment ${ORDERS}: order-service runs sh -c node dist/service.js, and its image ${IMAGE_RUNS}`,
  },
  {
    of: 'a program that the image does not have',
    plant: (all) => (container(all).command = ['node', '--enable-source-maps', 'dist/servce.js']),
    message: `Deployment ${ORDERS}: order-service runs node --enable-source-maps dist/servce.js, and its image ${IMAGE_RUNS}`,
  },
  {
    of: 'npm behind node',
    plant: (all) => (container(all).command = ['node', '/usr/local/bin/npm', 'start']),
    message: `Deployment ${ORDERS}: order-service runs node /usr/local/bin/npm start, and its image ${IMAGE_RUNS}`,
  },
  {
    of: 'arguments that the program does not take',
    plant: (all) => (container(all).args = ['--verbose']),
    message: `Deployment ${ORDERS}: order-service runs ${IMAGE_RUNS} --verbose, and its image ${IMAGE_RUNS}`,
  },
  {
    of: 'a process 1 of Kubernetes',
    plant: (all) => (pod(all).shareProcessNamespace = true),
    message: `Deployment ${ORDERS}: order-service is not process 1: the pod shares its processes`,
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
    of: 'a pod that is not started anew',
    plant: (all) => (pod(all).restartPolicy = 'Never'),
    message: `Deployment ${ORDERS} has the restartPolicy Never, which no Deployment may have`,
  },
  {
    of: 'a job without a policy of its own for that',
    plant: (all) => delete pod(all, 'messaging/kafka-topics').restartPolicy,
    message: 'Job messaging/kafka-topics has the restartPolicy Always, which no Job may have',
  },
  {
    of: 'a restart where Kafka is away',
    plant: (all) => (container(all).livenessProbe!.httpGet!.path = '/health/ready'),
    message: `Deployment ${ORDERS}: order-service is restarted where /health/ready fails, which asks others`,
  },
  {
    of: 'requests before it can take them',
    plant: (all) => (container(all).readinessProbe!.httpGet!.path = '/health/live'),
    message: `Deployment ${ORDERS}: order-service gets requests where /health/live succeeds, which asks nobody`,
  },
  {
    of: 'a pause that nobody counts',
    plant: (all) => (container(all).lifecycle!.preStop = { exec: { command: ['sleep', '60'] } }),
    message: `Deployment ${ORDERS}: order-service pauses before its stop by a command, which may take as long as it likes`,
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
