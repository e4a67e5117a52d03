import { KAFKA, type Mistake, variables } from './plant.js';

export const replication: readonly Mistake[] = [
  {
    of: 'fewer brokers than copies',
    plant: (all) => (all.workload(KAFKA).spec.replicas = 2),
    message: `StatefulSet ${KAFKA}: KAFKA_DEFAULT_REPLICATION_FACTOR is 3, and there are brokers: 2`,
  },
  {
    of: 'copies of which none may be away',
    plant: (all) => (variables(all, KAFKA)['KAFKA_MIN_INSYNC_REPLICAS'] = '3'),
    message: `StatefulSet ${KAFKA}: KAFKA_MIN_INSYNC_REPLICAS is 3: of 3 copies none may be away`,
  },
  {
    of: 'topics with more copies than brokers',
    plant: (all) => (variables(all, 'messaging/kafka-topics')['REPLICATION_FACTOR'] = '4'),
    message: 'Job messaging/kafka-topics: REPLICATION_FACTOR is 4, and there are brokers: 3',
  },
  {
    of: 'a quorum that is not of the brokers',
    plant: (all) =>
      (variables(all, KAFKA)['KAFKA_CONTROLLER_QUORUM_VOTERS'] =
        '0@kafka-0.kafka-brokers.messaging.svc.cluster.local:9093'),
    message: /^StatefulSet messaging\/kafka votes with 0@kafka-0\S+:9093, and is 0@.*,1@.*,2@/,
  },
  {
    of: 'a topic that nobody makes',
    plant: (all) => (variables(all, 'messaging/kafka-topics')['TOPICS'] = 'order-events'),
    message: 'No Job makes the topic order-events.dlt',
  },
];
