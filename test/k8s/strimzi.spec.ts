import { describe, expect, it } from 'vitest';
import { addressesOf } from '../support/k8s/addresses.js';
import { type KubernetesObject, Manifests } from '../support/k8s/manifests.js';
import { mistakesIn } from '../support/k8s/mistakes-in.js';
import { render } from '../support/k8s/render.js';
import { TOPICS } from '../support/k8s/rules/topics.js';
import { SERVICES } from '../support/k8s/services.js';

interface Custom extends KubernetesObject {
  readonly spec: {
    readonly replicas: number;
    readonly config: Readonly<Record<string, number>>;
    readonly kafka: { readonly config: Readonly<Record<string, number>> };
  };
}

const OPERATOR = 'kafka.strimzi.io/';
const all = render('sample/k8s/overlays/strimzi');
const custom = all.objects.filter(({ apiVersion }) => apiVersion.startsWith(OPERATOR)) as Custom[];
const rest = new Manifests(all.objects.filter(({ apiVersion }) => !apiVersion.startsWith(OPERATOR)));

/** What the operator takes for its objects, only its own definitions say: those cannot be had here. */
describe('sample/k8s/overlays/strimzi', () => {
  it('leaves to the operator the brokers, their names and the topics, and nothing else', () => {
    const bootstrap = 'events-kafka-bootstrap.messaging.svc.cluster.local:9092';
    const kafka =
      '{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"messaging"}},"podSelector":{"matchLabels":{"app.kubernetes.io/name":"kafka"}}}';
    expect(new Set(mistakesIn(rest))).toEqual(
      new Set([
        'There is no StatefulSet messaging/kafka',
        ...TOPICS.map((topic) => `No Job makes the topic ${topic}`),
        ...SERVICES.flatMap((service) => [
          `Deployment production/${service} is to talk to ${bootstrap}, which no Service is`,
          `NetworkPolicy production/${service} has Egress for ${kafka}, which nothing here is`,
        ]),
        ...rest
          .ofKind('NetworkPolicy')
          .filter(({ metadata }) => metadata.namespace === 'messaging')
          .map(
            ({ metadata }) =>
              expect.stringMatching(
                `^NetworkPolicy messaging/${metadata.name} selects .*, which no pod is$`,
              ) as unknown,
          ),
        'NetworkPolicy messaging/brokers-to-each-other has Egress for {"podSelector":{"matchLabels":{"strimzi.io/cluster":"events"}}}, which nothing here is',
      ]),
    );
  });

  it('tells the services of the name that the operator gives the brokers', () => {
    const [cluster] = custom.filter(({ kind }) => kind === 'Kafka');
    for (const service of SERVICES) {
      expect(addressesOf(all, all.workload(`production/${service}`))).toContainEqual({
        host: `${cluster?.metadata.name}-kafka-bootstrap.${cluster?.metadata.namespace}.svc.cluster.local`,
        port: 9092,
      });
    }
  });

  it('has every topic, and three copies of each, of which one may be away', () => {
    const topics = custom.filter(({ kind }) => kind === 'KafkaTopic');
    expect(topics.map(({ metadata }) => metadata.name).sort()).toEqual([...TOPICS].sort());
    for (const { spec } of topics) {
      expect(spec).toMatchObject({ replicas: 3, config: { 'min.insync.replicas': 2 } });
    }
    expect(custom.find(({ kind }) => kind === 'KafkaNodePool')?.spec.replicas).toBe(3);
    expect(custom.find(({ kind }) => kind === 'Kafka')?.spec.kafka.config).toMatchObject({
      'default.replication.factor': 3,
      'min.insync.replicas': 2,
      'offsets.topic.replication.factor': 3,
    });
  });
});
