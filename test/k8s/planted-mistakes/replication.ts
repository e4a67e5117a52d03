import { container, KAFKA, type Mistake, service, variables } from './plant.js';

export const replication: readonly Mistake[] = [
  {
    of: 'fewer brokers than copies',
    plant: (all) => (all.workload(KAFKA).spec.replicas = 2),
    message: `StatefulSet ${KAFKA}: KAFKA_DEFAULT_REPLICATION_FACTOR is 3, and there are brokers: 2`,
    in: ['prod'],
  },
  {
    of: 'copies of which none may be away',
    plant: (all) => (variables(all, KAFKA)['KAFKA_MIN_INSYNC_REPLICAS'] = '3'),
    message: `StatefulSet ${KAFKA}: KAFKA_MIN_INSYNC_REPLICAS is 3: of 3 copies none may be away`,
    in: ['prod'],
  },
  {
    of: 'a write that one broker alone has',
    plant: (all) => (variables(all, KAFKA)['KAFKA_MIN_INSYNC_REPLICAS'] = '1'),
    message: `StatefulSet ${KAFKA}: KAFKA_MIN_INSYNC_REPLICAS is 1: a write would be lost with one of 3 copies`,
    in: ['prod'],
  },
  {
    of: 'a write that nobody has to have',
    plant: (all) => (variables(all, KAFKA)['KAFKA_MIN_INSYNC_REPLICAS'] = '0'),
    message: /^StatefulSet messaging\/kafka: KAFKA_MIN_INSYNC_REPLICAS is 0/,
  },
  {
    of: 'fewer copies of the offsets than brokers could keep',
    plant: (all) => (variables(all, KAFKA)['KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR'] = '1'),
    message: `StatefulSet ${KAFKA}: KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR is 1: with 3 brokers, keep 3`,
    in: ['prod'],
  },
  {
    of: 'copies that Kafka is not told of',
    plant: (all) => delete variables(all, KAFKA)['KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR'],
    message: /^StatefulSet messaging\/kafka: KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR is undefined/,
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
    plant: (all) => {
      const listeners = container(all, KAFKA).env!.find(({ name }) => name === 'KAFKA_ADVERTISED_LISTENERS')!;
      listeners.value = listeners.value!.replace('9092', '9093');
    },
    message: `StatefulSet ${KAFKA} tells clients of PLAINTEXT on 9093, where it does not listen`,
  },
  {
    of: 'topics with more copies than brokers',
    plant: (all) => (variables(all, 'messaging/kafka-topics')['REPLICATION_FACTOR'] = '4'),
    message: 'Job messaging/kafka-topics: REPLICATION_FACTOR is 4, and there are brokers: 3',
    in: ['prod'],
  },
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
    of: 'a topic that nobody makes',
    plant: (all) => (variables(all, 'messaging/kafka-topics')['TOPICS'] = 'order-events'),
    message: 'No Job makes the topic order-events.dlt',
  },
];
