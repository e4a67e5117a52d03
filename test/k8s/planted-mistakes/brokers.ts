import { container, KAFKA, type Mistake, pod, replaceIn, service, variables } from './plant.js';

export const brokers: readonly Mistake[] = [
  {
    of: 'a quorum that is not of the brokers',
    plant: (all) => {
      const settings = variables(all, KAFKA);
      const voters = settings['KAFKA_CONTROLLER_QUORUM_VOTERS']!.split(',');
      settings['KAFKA_CONTROLLER_QUORUM_VOTERS'] = [
        ...voters.slice(1),
        voters[0]!.replace('9093', '9092'),
      ].join();
    },
    message: /^StatefulSet messaging\/kafka votes with \S+:9092, and is 0@kafka-0\S+:9093/,
  },
  {
    of: 'brokers without names',
    plant: (all) => delete service(all, 'messaging/kafka-brokers').clusterIP,
    message: 'Service messaging/kafka-brokers gives the brokers no names: it is not headless',
  },
  {
    of: 'brokers that have names only when they are ready',
    plant: (all) => delete service(all, 'messaging/kafka-brokers').publishNotReadyAddresses,
    message: 'Service messaging/kafka-brokers gives the brokers names only when they are ready',
  },
  {
    of: 'a listener that clients are told of by another port',
    plant: (all) => advertise(all, '9092', '9093'),
    message: `StatefulSet ${KAFKA} tells clients of PLAINTEXT on 9093, where it does not listen`,
  },
  {
    of: 'brokers that clients cannot tell apart',
    plant: (all) => advertise(all, '$(POD_NAME).kafka-brokers', 'kafka'),
    message: `StatefulSet ${KAFKA} tells clients that it is kafka.messaging.svc.cluster.local, as every broker does`,
  },
  {
    of: 'an id of the cluster that is none',
    plant: (all) => (variables(all, KAFKA)['CLUSTER_ID'] = 'sample'),
    message: `StatefulSet ${KAFKA} has the CLUSTER_ID "sample", which is none`,
  },
  {
    of: 'one number for all brokers',
    plant: (all) => {
      const id = container(all, KAFKA).env!.find(({ name }) => name === 'KAFKA_NODE_ID')!;
      delete id.valueFrom;
      id.value = '0';
    },
    message: `StatefulSet ${KAFKA} has the KAFKA_NODE_ID 0, which is not the number of its pod`,
  },
  {
    of: 'roles that are mistyped',
    plant: (all) => (variables(all, KAFKA)['KAFKA_PROCESS_ROLES'] = 'brokers,controller'),
    message: `StatefulSet ${KAFKA} has the KAFKA_PROCESS_ROLES brokers,controller, and is broker,controller`,
  },
  {
    of: 'a listener without a protocol',
    plant: (all) => (variables(all, KAFKA)['KAFKA_LISTENER_SECURITY_PROTOCOL_MAP'] = 'PLAINTEXT:PLAINTEXT'),
    message: `StatefulSet ${KAFKA} has no protocol for CONTROLLER`,
  },
  {
    of: 'a quorum that is not listened for',
    plant: (all) => replaceIn(variables(all, KAFKA), 'KAFKA_LISTENERS', '9093', '9094'),
    message: `StatefulSet ${KAFKA} does not listen for its quorum on 9093`,
  },
  {
    of: 'more heap than memory',
    plant: (all) => (variables(all, KAFKA)['KAFKA_HEAP_OPTS'] = '-Xmx4g'),
    message: /^StatefulSet messaging\/kafka has a heap of -Xmx4g, more than half of \dGi$/,
  },
  {
    of: 'brokers that start one after the other',
    plant: (all) => delete all.workload(KAFKA).spec.podManagementPolicy,
    message: `StatefulSet ${KAFKA} starts one broker after the other, which needs them all`,
  },
  {
    of: 'a variable that Kubernetes would add',
    plant: (all) => delete pod(all, KAFKA).enableServiceLinks,
    message: `StatefulSet ${KAFKA} gets KAFKA_PORT of Kubernetes, which the image takes for a setting`,
  },
  {
    of: 'an end in the middle of the handover',
    plant: (all) => (pod(all, KAFKA).terminationGracePeriodSeconds = 5),
    message: `StatefulSet ${KAFKA} is killed after 5 s, before it has handed over its partitions`,
  },
];

function advertise(all: Parameters<typeof container>[0], text: string, by: string): void {
  const listeners = container(all, KAFKA).env!.find(({ name }) => name === 'KAFKA_ADVERTISED_LISTENERS')!;
  listeners.value = listeners.value!.replace(text, by);
}
