import {
  collectorFiles,
  container,
  filesOf,
  KAFKA,
  type Mistake,
  ORDERS,
  policy,
  replaceIn,
  variables,
  without,
} from './plant.js';

export const network: readonly Mistake[] = [
  {
    of: 'an address that no Service has',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka.production.svc.cluster.local:9092'),
    message: `Deployment ${ORDERS} is to talk to kafka.production.svc.cluster.local:9092, which no Service is`,
  },
  {
    of: 'an address in a Secret that no Service has',
    plant: (all) => {
      const { secretKeyRef } = container(all).env!.find(({ name }) => name === 'DATABASE_URL')!.valueFrom!;
      all.get('Secret', `production/${secretKeyRef!.name}`).data!['ORDERS_URL'] = Buffer.from(
        'postgres://orders:orders@database.production.svc.cluster.local:5432/orders',
      ).toString('base64');
    },
    message: `Deployment ${ORDERS} is to talk to database.production.svc.cluster.local:5432, which no Service is`,
  },
  {
    of: 'an address in a mounted file that no Service has',
    plant: (all) =>
      replaceIn(collectorFiles(all), 'otel-collector.yaml', 'tempo.observability', 'tempo.tracing'),
    message:
      'Deployment observability/otel-collector is to talk to tempo.tracing.svc.cluster.local:4317, which no Service is',
  },
  {
    of: 'a name that is known in another namespace only',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka:9092'),
    message: `Deployment ${ORDERS}: KAFKA_BROKERS has kafka:9092, which is no whole name of a Service`,
  },
  {
    of: 'a name without its cluster',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka.messaging:9092'),
    message: `Deployment ${ORDERS}: KAFKA_BROKERS has kafka.messaging:9092, which is no whole name of a Service`,
  },
  {
    of: 'a name that is mistyped',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka.messaging.scv.cluster.local:9092'),
    message: `Deployment ${ORDERS}: KAFKA_BROKERS has kafka.messaging.scv.cluster.local:9092, which is no whole name of a Service`,
  },
  {
    of: 'a short name in a mounted file',
    plant: (all) =>
      replaceIn(
        collectorFiles(all),
        'otel-collector.yaml',
        'tempo.observability.svc.cluster.local:4317',
        'tempo:4317',
      ),
    message:
      'Deployment observability/otel-collector: otel-collector.yaml has tempo:4317, which is no whole name of a Service',
  },
  {
    of: 'a short name in a data source of Grafana',
    plant: (all) =>
      replaceIn(
        filesOf(all, 'observability/grafana'),
        'datasources.yaml',
        'http://tempo.observability.svc.cluster.local:3200',
        'http://tempo:3200',
      ),
    message:
      'Deployment observability/grafana: datasources.yaml has http://tempo:3200, which is no whole name of a Service',
  },
  {
    of: 'a pod that does not exist',
    plant: (all) =>
      (variables(all)['KAFKA_BROKERS'] = 'kafka-7.kafka-brokers.messaging.svc.cluster.local:9092'),
    message: `Deployment ${ORDERS} is to talk to kafka-7.kafka-brokers.messaging.svc.cluster.local:9092, which no pod is`,
  },
  {
    of: 'a pod below a Service that gives pods no names',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka-0.kafka.messaging.svc.cluster.local:9092'),
    message: `Deployment ${ORDERS} is to talk to kafka-0.kafka.messaging.svc.cluster.local:9092, which no pod is`,
  },
  {
    of: 'a port that the Service does not have',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka.messaging.svc.cluster.local:9094'),
    message: `Deployment ${ORDERS} is to talk to kafka.messaging.svc.cluster.local:9094, and Service ${KAFKA} does not have that port`,
  },
  {
    of: 'an address without a port, where that of its scheme is none',
    plant: (all) =>
      (variables(all)['OTEL_EXPORTER_OTLP_ENDPOINT'] =
        'http://otel-collector.observability.svc.cluster.local'),
    message: `Deployment ${ORDERS} is to talk to otel-collector.observability.svc.cluster.local:80, and Service observability/otel-collector does not have that port`,
  },
  {
    of: 'no policy that lets a service out',
    plant: (all) => policy(all).egress!.splice(1, 1),
    message: `Deployment ${ORDERS} is to talk to kafka.messaging.svc.cluster.local:9092, and no policy lets it out`,
  },
  {
    of: 'a policy that lets a service out by another port',
    plant: (all) => (policy(all).egress![1]!.ports![0]!.port = 9094),
    message: `Deployment ${ORDERS} is to talk to kafka.messaging.svc.cluster.local:9092, and no policy lets it out`,
  },
  {
    of: 'no policy that lets a service in',
    plant: (all) => without(all, 'NetworkPolicy', 'production/postgres'),
    message: `Deployment ${ORDERS} is to talk to postgres.production.svc.cluster.local:5432, and no policy lets it in`,
  },
  {
    of: 'a policy that lets in from another namespace',
    plant: (all) =>
      ((
        policy(all, KAFKA).ingress![0] as { from?: { namespaceSelector?: object }[] }
      ).from![1]!.namespaceSelector = {
        matchLabels: { 'kubernetes.io/metadata.name': 'default' },
      }),
    message: `Deployment ${ORDERS} is to talk to kafka.messaging.svc.cluster.local:9092, and no policy lets it in`,
  },
  {
    of: 'no policy that lets a service look up names',
    plant: (all) => without(all, 'NetworkPolicy', 'production/look-up-names'),
    message: `Deployment ${ORDERS} may not look up names`,
  },
  {
    of: 'a namespace in which everybody may talk',
    plant: (all) => without(all, 'NetworkPolicy', 'production/deny-all'),
    message: 'In production no policy denies Ingress by default',
  },
];
