import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

const PAIRS: readonly (readonly [replication: string, minIsr: string])[] = [
  ['KAFKA_DEFAULT_REPLICATION_FACTOR', 'KAFKA_MIN_INSYNC_REPLICAS'],
  ['KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR', 'KAFKA_TRANSACTION_STATE_LOG_MIN_ISR'],
  ['REPLICATION_FACTOR', 'MIN_INSYNC_REPLICAS'],
];

/** There are as many brokers as there are copies to keep, one of them may be away, and the quorum knows each. */
export const replication: Rule = (manifests) => {
  const brokers = manifests.find('StatefulSet', 'messaging', 'kafka') as Workload | undefined;
  if (!brokers) return ['There is no StatefulSet messaging/kafka'];
  return [
    ...manifests.workloads.flatMap((workload) => ofWorkload(manifests, workload, brokers.spec.replicas ?? 1)),
    ...voters(manifests, brokers),
  ];
};

function ofWorkload(manifests: Manifests, workload: Workload, brokers: number): readonly string[] {
  return containersOf(workload).flatMap((container) => {
    const variables = environmentOf(manifests, workload, container);
    return PAIRS.flatMap(([replication, minIsr]) => {
      if (variables[replication] === undefined && variables[minIsr] === undefined) return [];
      const copies = Number(variables[replication]);
      const inSync = Number(variables[minIsr]);
      const mistakes: Readonly<Record<string, boolean>> = {
        [`${replication} is ${variables[replication]}, and there are brokers: ${brokers}`]: !(
          copies >= 1 && copies <= brokers
        ),
        [`${minIsr} is ${variables[minIsr]}: of ${copies} copies none may be away`]:
          copies > 1 && !(inSync < copies),
        [`${minIsr} is ${variables[minIsr]}, more than there are copies`]: copies === 1 && inSync !== 1,
      };
      return Object.keys(mistakes)
        .filter((mistake) => mistakes[mistake])
        .map((mistake) => `${idOf(workload)}: ${mistake}`);
    });
  });
}

function voters(manifests: Manifests, brokers: Workload): readonly string[] {
  const { replicas = 1, serviceName, template } = brokers.spec;
  const { KAFKA_CONTROLLER_QUORUM_VOTERS: given } = environmentOf(
    manifests,
    brokers,
    template.spec.containers[0]!,
  );
  const expected = Array.from(
    { length: replicas },
    (_, id) => `${id}@kafka-${id}.${serviceName}.messaging.svc.cluster.local:9093`,
  ).join(',');
  return given === expected ? [] : [`${idOf(brokers)} votes with ${given}, and is ${expected}`];
}
