import {
  collectorFiles,
  container,
  KAFKA,
  type Mistake,
  ORDERS,
  policy,
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
    plant: (all) => {
      const data = collectorFiles(all);
      data['otel-collector.yaml'] = data['otel-collector.yaml']!.replace(
        'tempo.observability',
        'tempo.tracing',
      );
    },
    message:
      'Deployment observability/otel-collector is to talk to tempo.tracing.svc.cluster.local:4317, which no Service is',
  },
  {
    of: 'a name that is known in another namespace only',
    plant: (all) => (variables(all)['KAFKA_BROKERS'] = 'kafka:9092'),
    message: `Deployment ${ORDERS}: KAFKA_BROKERS has kafka:9092, which is no whole name of a Service`,
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
