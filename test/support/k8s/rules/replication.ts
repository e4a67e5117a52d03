import { isNameOfPods } from '../addresses.js';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

/** Of whom Kafka keeps copies, and how many have to be there for a write. A consumer's offsets have no such minimum of their own. */
const PAIRS: readonly (readonly [replication: string, minIsr: string])[] = [
  ['KAFKA_DEFAULT_REPLICATION_FACTOR', 'KAFKA_MIN_INSYNC_REPLICAS'],
  ['KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR', 'KAFKA_MIN_INSYNC_REPLICAS'],
  ['KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR', 'KAFKA_TRANSACTION_STATE_LOG_MIN_ISR'],
];
const OF_TOPICS = ['REPLICATION_FACTOR', 'MIN_INSYNC_REPLICAS'] as const;

/** There are as many brokers as there are copies to keep, one of them may be away, and brokers and quorum know each other. */
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
    ...voters(manifests, brokers, settings),
    ...listeners(brokers, settings),
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

/** All brokers vote, by names that they have before they are ready: without the others none becomes it. */
function voters(
  manifests: Manifests,
  brokers: Workload,
  { KAFKA_CONTROLLER_QUORUM_VOTERS: given = '' }: Readonly<Record<string, string>>,
): readonly string[] {
  const { replicas = 1, serviceName } = brokers.spec;
  const names = Array.from(
    { length: replicas },
    (_, id) => `kafka-${id}.${serviceName}.messaging.svc.cluster.local`,
  );
  const expected = names.map((name, id) => `${id}@${name}:9093`).join(',');
  const service = manifests.find('Service', 'messaging', serviceName);
  return [
    ...(given === expected ? [] : [`${idOf(brokers)} votes with ${given}, and is ${expected}`]),
    ...(names.every((name) => isNameOfPods(manifests, name))
      ? []
      : [`Service messaging/${serviceName} gives the brokers no names: it is not headless`]),
    ...(service?.spec.publishNotReadyAddresses === true
      ? []
      : [`Service messaging/${serviceName} gives the brokers names only when they are ready`]),
  ];
}

/** What a broker tells its clients is where it listens for them. */
function listeners(brokers: Workload, settings: Readonly<Record<string, string>>): readonly string[] {
  const advertised = portsOf(settings['KAFKA_ADVERTISED_LISTENERS']);
  const open = portsOf(settings['KAFKA_LISTENERS']);
  return [...advertised]
    .filter(([listener, port]) => open.get(listener) !== port)
    .map(
      ([listener, port]) =>
        `${idOf(brokers)} tells clients of ${listener} on ${port}, where it does not listen`,
    );
}

function portsOf(listeners = ''): ReadonlyMap<string, string> {
  const found = [...listeners.matchAll(/(\w+):\/\/[^,:]*:(\d+)/g)];
  return new Map(found.map(([, listener, port]) => [listener!, port!]));
}
