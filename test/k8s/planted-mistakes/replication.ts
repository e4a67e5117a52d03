import { KAFKA, type Mistake, variables } from './plant.js';

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
    of: 'topics with more copies than brokers',
    plant: (all) => (variables(all, 'messaging/kafka-topics')['REPLICATION_FACTOR'] = '4'),
    message: 'Job messaging/kafka-topics: REPLICATION_FACTOR is 4, and there are brokers: 3',
    in: ['prod'],
  },
  {
    of: 'a topic that nobody makes',
    plant: (all) => (variables(all, 'messaging/kafka-topics')['TOPICS'] = 'order-events'),
    message: 'No Job makes the topic order-events.dlt',
  },
];
