import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

/** Of whom Kafka keeps copies, and how many have to be there for a write. A consumer's offsets have no such minimum of their own. */
const PAIRS: readonly (readonly [replication: string, minIsr: string])[] = [
  ['KAFKA_DEFAULT_REPLICATION_FACTOR', 'KAFKA_MIN_INSYNC_REPLICAS'],
  ['KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR', 'KAFKA_MIN_INSYNC_REPLICAS'],
  ['KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR', 'KAFKA_TRANSACTION_STATE_LOG_MIN_ISR'],
];
const OF_TOPICS = ['REPLICATION_FACTOR', 'MIN_INSYNC_REPLICAS'] as const;

/** There are as many brokers as there are copies to keep, and one of them may be away. */
export const replication: Rule = (manifests) => {
  const brokers = manifests.find('StatefulSet', 'messaging', 'kafka') as Workload | undefined;
  if (!brokers) return ['There is no StatefulSet messaging/kafka'];
  const count = brokers.spec.replicas ?? 1;
  const [container] = containersOf(brokers);
  const settings = environmentOf(manifests, brokers, container!);
  const jobs = manifests.workloads.filter(({ kind }) => kind === 'Job');
  return [
    ...PAIRS.flatMap((pair) => copies(brokers, settings, pair, count)),
    ...jobs.flatMap((job) =>
      containersOf(job).flatMap((one) => copies(job, environmentOf(manifests, job, one), OF_TOPICS, count)),
    ),
  ];
};

function copies(
  workload: Workload,
  settings: Readonly<Record<string, string>>,
  [replication, minIsr]: readonly [string, string],
  brokers: number,
): readonly string[] {
  const { [replication]: factor, [minIsr]: least } = settings;
  const kept = Number(factor);
  const inSync = Number(least);
  const mistakes: Readonly<Record<string, boolean>> = {
    [`${replication} is ${factor}, and there are brokers: ${brokers}`]: !(kept >= 1 && kept <= brokers),
    [`${replication} is ${factor}: with ${brokers} brokers, keep 3`]: brokers >= 3 && kept < 3,
    [`${minIsr} is ${least}: of ${kept} copies none may be away`]: kept > 1 && inSync >= kept,
    [`${minIsr} is ${least}: a write would be lost with one of ${kept} copies`]: kept > 2 && !(inSync >= 2),
    [`${minIsr} is ${least}, and there are copies: ${kept}`]: kept === 1 && inSync !== 1,
  };
  return Object.keys(mistakes)
    .filter((mistake) => mistakes[mistake])
    .map((mistake) => `${idOf(workload)}: ${mistake}`);
}
