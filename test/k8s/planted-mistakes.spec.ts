import type { V1Container, V1NetworkPolicySpec, V1PodSpec, V1ServiceSpec } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { type KubernetesObject, Manifests } from '../support/k8s/manifests.js';
import { mistakesIn } from '../support/k8s/mistakes-in.js';
import { render } from '../support/k8s/render.js';

const prod = render('sample/k8s/overlays/prod');

interface Mistake {
  readonly of: string;
  readonly plant: (manifests: Manifests) => unknown;
  readonly message: string | RegExp;
}

const ORDERS = 'production/order-service';
const KAFKA = 'messaging/kafka';

const pod = (manifests: Manifests, id = ORDERS): V1PodSpec => manifests.workload(id).spec.template.spec;
const container = (manifests: Manifests, id = ORDERS): V1Container => pod(manifests, id).containers[0]!;
const service = (manifests: Manifests, id = ORDERS): V1ServiceSpec => manifests.get('Service', id).spec;
const policy = (manifests: Manifests, id = ORDERS): V1NetworkPolicySpec =>
  manifests.get('NetworkPolicy', id).spec;
const spec = (object: KubernetesObject): Record<string, unknown> => object['spec'] as Record<string, unknown>;

/** The ConfigMap that a workload gets its variables from. */
function variables(manifests: Manifests, id = ORDERS): Record<string, string> {
  const [namespace] = id.split('/');
  const name = container(manifests, id).envFrom?.[0]?.configMapRef?.name;
  return manifests.get('ConfigMap', `${namespace}/${name}`).data!;
}

/** Takes an object away. */
function remove(manifests: Manifests, kind: string, id: string): Manifests {
  const gone = manifests.get(kind, id);
  return new Manifests(manifests.objects.filter((object) => object !== gone));
}

const SCHEMA: readonly Mistake[] = [
  {
    of: 'a field that does not exist',
    plant: (all) => Object.assign(container(all), { readynessProbe: {} }),
    message: `Deployment ${ORDERS}: there is no field spec.template.spec.containers.0.readynessProbe`,
  },
  {
    of: 'a value of a wrong type',
    plant: (all) => Object.assign(all.workload(ORDERS).spec, { replicas: '3' }),
    message: `Deployment ${ORDERS}: data/spec/replicas must be integer`,
  },
  {
    of: 'a field that is missing',
    plant: (all) => delete (service(all).ports![0] as { port?: number }).port,
    message: new RegExp(`Service ${ORDERS}: .*must have required property port`),
  },
  {
    of: 'a kind that does not exist',
    plant: (all) => Object.assign(all.workload(ORDERS), { apiVersion: 'extensions/v1beta1' }),
    message: `Deployment ${ORDERS}: nothing is known of extensions/v1beta1 Deployment`,
  },
];

const SELECTORS: readonly Mistake[] = [
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
    plant: (all) =>
      (spec(all.get('PodDisruptionBudget', KAFKA))['selector'] = { matchLabels: { app: 'kafka' } }),
    message: `PodDisruptionBudget ${KAFKA} selects {"app":"kafka"}, which no pod is`,
  },
  {
    of: 'a network policy for nobody',
    plant: (all) => (policy(all, 'messaging/kafka-topics').podSelector = { matchLabels: { app: 'topics' } }),
    message: 'NetworkPolicy messaging/kafka-topics selects {"app":"topics"}, which no pod is',
  },
];

const PORTS: readonly Mistake[] = [
  {
    of: 'a Service with a port that no pod opens',
    plant: (all) => (service(all).ports![0]!.targetPort = 8080),
    message: `Service ${ORDERS} leads to the port 8080, which Deployment ${ORDERS} does not open`,
  },
  {
    of: 'a probe of a port that the pod does not open',
    plant: (all) => (container(all).readinessProbe!.httpGet!.port = 'web'),
    message: `A probe of Deployment ${ORDERS} asks the port web, which it does not open`,
  },
  {
    of: 'a port that the service does not listen on',
    plant: (all) => (variables(all)['PORT'] = '8080'),
    message: `Deployment ${ORDERS}: order-service listens on 8080, which is not its containerPort`,
  },
];

const ADDRESSES: readonly Mistake[] = [
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
      const name = pod(all, 'observability/otel-collector').volumes?.[0]?.configMap?.name;
      const { data } = all.get('ConfigMap', `observability/${name}`);
      data!['otel-collector.yaml'] = data!['otel-collector.yaml']!.replace(
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
    plant: (all) => remove(all, 'NetworkPolicy', 'production/postgres'),
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
    plant: (all) => remove(all, 'NetworkPolicy', 'production/look-up-names'),
    message: `Deployment ${ORDERS} may not look up names`,
  },
  {
    of: 'a namespace in which everybody may talk',
    plant: (all) => remove(all, 'NetworkPolicy', 'production/deny-all'),
    message: 'In production no policy denies Ingress by default',
  },
];

const REFERENCES: readonly Mistake[] = [
  {
    of: 'a ConfigMap that does not exist',
    plant: (all) => (container(all).envFrom![0]!.configMapRef!.name = 'orders'),
    message: `Deployment ${ORDERS} needs the ConfigMap orders, which does not exist`,
  },
  {
    of: 'a Secret that does not exist',
    plant: (all) => (container(all).env![0]!.valueFrom!.secretKeyRef!.name = 'database'),
    message: `Deployment ${ORDERS} needs the Secret database, which does not exist`,
  },
  {
    of: 'a key that does not exist',
    plant: (all) => (container(all).env![0]!.valueFrom!.secretKeyRef!.key = 'URL'),
    message: new RegExp(
      `^Deployment ${ORDERS} needs URL of the Secret postgres-\\w+, which has no such key$`,
    ),
  },
  {
    of: 'a key of a volume that does not exist',
    plant: (all) => (pod(all, 'messaging/kafka-topics').volumes![0]!.configMap!.items![0]!.key = 'topics.sh'),
    message:
      /^Job messaging\/kafka-topics needs topics\.sh of the ConfigMap kafka-topics-\w+, which has no such key$/,
  },
  {
    of: 'a file that is not mounted',
    plant: (all) => (container(all, 'observability/tempo').args = ['-config.file=/etc/tempo/tempo.yml']),
    message: 'StatefulSet observability/tempo reads /etc/tempo/tempo.yml, which is not in the ConfigMap',
  },
  {
    of: 'a volume that does not exist',
    plant: (all) => (container(all, KAFKA).volumeMounts![0]!.name = 'log'),
    message: `StatefulSet ${KAFKA} mounts the volume log, which it does not have`,
  },
  {
    of: 'a service account that does not exist',
    plant: (all) => (pod(all).serviceAccountName = 'orders'),
    message: `Deployment ${ORDERS} needs the ServiceAccount production/orders, which does not exist`,
  },
  {
    of: 'a role for nobody',
    plant: (all) =>
      Object.assign(all.get('RoleBinding', 'production/otel-collector'), {
        subjects: [{ kind: 'ServiceAccount', name: 'otel-collector', namespace: 'production' }],
      }),
    message:
      'RoleBinding production/otel-collector needs the ServiceAccount production/otel-collector, which does not exist',
  },
  {
    of: 'a namespace that does not exist',
    plant: (all) => (all.workload(ORDERS).metadata.namespace = 'shop'),
    message: 'Deployment shop/order-service needs the Namespace shop, which does not exist',
  },
];

const IMAGES: readonly Mistake[] = [
  ['the tag latest', 'postgres:latest'],
  ['no tag', 'postgres'],
  ['a port of the registry for a tag', 'registry.example:5000/postgres'],
].map(([of = '', image = '']) => ({
  of,
  plant: (all) => (container(all).image = image),
  message: `Deployment ${ORDERS} runs ${image}, which is no version`,
}));

const POD_SECURITY: readonly Mistake[] = [
  {
    of: 'a container that may run as root',
    plant: (all) => delete pod(all).securityContext!.runAsNonRoot,
    message: `Deployment ${ORDERS}: order-service may run as root`,
  },
  {
    of: 'a user that is root',
    plant: (all) => (container(all).securityContext!.runAsUser = 0),
    message: `Deployment ${ORDERS}: order-service may run as root`,
  },
  {
    of: 'a container that may gain privileges',
    plant: (all) => delete container(all).securityContext!.allowPrivilegeEscalation,
    message: `Deployment ${ORDERS}: order-service may gain privileges`,
  },
  {
    of: 'capabilities that are kept',
    plant: (all) => (container(all).securityContext!.capabilities = { drop: ['ALL'], add: ['NET_ADMIN'] }),
    message: `Deployment ${ORDERS}: order-service keeps capabilities`,
  },
  {
    of: 'no seccomp profile',
    plant: (all) => delete pod(all).securityContext!.seccompProfile,
    message: `Deployment ${ORDERS}: order-service has no seccomp profile`,
  },
  {
    of: 'a folder of the node',
    plant: (all) => (pod(all, KAFKA).volumes = [{ name: 'host', hostPath: { path: '/' } }]),
    message: `StatefulSet ${KAFKA}: the volume host is a hostPath, which is not allowed`,
  },
  {
    of: 'the network of the node',
    plant: (all) => (pod(all).hostNetwork = true),
    message: `Deployment ${ORDERS}: hostNetwork is not allowed`,
  },
  {
    of: 'a port of the node',
    plant: (all) => (container(all).ports![0]!.hostPort = 80),
    message: `Deployment ${ORDERS}: order-service opens a port of its node`,
  },
  {
    of: 'a root file system that a service may write',
    plant: (all) => delete container(all).securityContext!.readOnlyRootFilesystem,
    message: `Deployment ${ORDERS}: order-service may write its root file system`,
  },
  {
    of: 'a namespace that does not enforce the standard',
    plant: (all) =>
      (all.get('Namespace', 'production').metadata.labels!['pod-security.kubernetes.io/enforce'] =
        'baseline'),
    message: 'Namespace production does not enforce the Pod Security Standard restricted',
  },
];

const RESOURCES: readonly Mistake[] = [
  {
    of: 'no memory that is asked for',
    plant: (all) => delete container(all).resources!.requests!['memory'],
    message: `Deployment ${ORDERS}: order-service has no requests.memory`,
  },
  {
    of: 'no limit of memory',
    plant: (all) => delete container(all).resources!.limits,
    message: `Deployment ${ORDERS}: order-service has no limits.memory`,
  },
  {
    of: 'a quantity that is none',
    plant: (all) => (container(all).resources!.limits!['memory'] = '512MB'),
    message: `Deployment ${ORDERS}: order-service has 512MB limits.memory`,
  },
];

const ENDPOINT = 'http://otel-collector.observability.svc.cluster.local';
const TELEMETRY: readonly Mistake[] = [
  {
    of: 'a protocol that is not that of the port',
    plant: (all) => (variables(all)['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'grpc'),
    message: `Deployment ${ORDERS} sends grpc to ${ENDPOINT}:4318, which is the port of http/protobuf`,
  },
  {
    of: 'a port that is not that of the protocol',
    plant: (all) => (variables(all)['OTEL_EXPORTER_OTLP_ENDPOINT'] = `${ENDPOINT}:4317`),
    message: `Deployment ${ORDERS} sends http/protobuf to ${ENDPOINT}:4317, which is the port of grpc`,
  },
  {
    of: 'a receiver that listens to itself only',
    plant: (all) => {
      const name = pod(all, 'observability/otel-collector').volumes?.[0]?.configMap?.name;
      const { data } = all.get('ConfigMap', `observability/${name}`);
      data!['otel-collector.yaml'] = data!['otel-collector.yaml']!.replace('0.0.0.0:4318', 'localhost:4318');
    },
    message: `Deployment ${ORDERS} sends http/protobuf to ${ENDPOINT}:4318, where nobody takes it`,
  },
];

const REPLICATION: readonly Mistake[] = [
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

const LIFECYCLE: readonly Mistake[] = [
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

const ENVIRONMENT: readonly Mistake[] = [
  {
    of: 'a variable that is missing',
    plant: (all) => delete variables(all)['LOG_LEVEL'],
    message: `Deployment ${ORDERS} does not get LOG_LEVEL, which it reads`,
  },
  {
    of: 'a variable of telemetry that is missing',
    plant: (all) => delete variables(all)['OTEL_SERVICE_NAME'],
    message: `Deployment ${ORDERS} does not get OTEL_SERVICE_NAME, which it reads`,
  },
  {
    of: 'a variable that is unknown',
    plant: (all) => (variables(all)['KAFKA_BROKER'] = 'kafka.messaging.svc.cluster.local:9092'),
    message: `Deployment ${ORDERS} gets KAFKA_BROKER, which it does not read`,
  },
  {
    of: 'a variable of the other service',
    plant: (all) => (variables(all)['DELIVERY_ATTEMPTS'] = '3'),
    message: `Deployment ${ORDERS} gets DELIVERY_ATTEMPTS, which it does not read`,
  },
];

describe.each(
  Object.entries({
    SCHEMA,
    SELECTORS,
    PORTS,
    ADDRESSES,
    REFERENCES,
    IMAGES,
    POD_SECURITY,
    RESOURCES,
    TELEMETRY,
    REPLICATION,
    LIFECYCLE,
    ENVIRONMENT,
  }),
)('a planted mistake: %s', (_kind, mistakes) => {
  it.each(mistakes)('$of', ({ plant, message }) => {
    const copy = prod.copy();
    const planted = plant(copy);
    const found = mistakesIn(planted instanceof Manifests ? planted : copy);
    const matching = found.find((one) => (message instanceof RegExp ? message.test(one) : one === message));
    expect(found).toContain(matching ?? message);
  });
});
