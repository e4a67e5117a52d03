import { isNameOfPods } from '../addresses.js';
import { environmentOf } from '../environment-of.js';
import { containersOf, idOf, type Manifests, type Workload } from '../manifests.js';
import type { Rule } from './rule.js';

type Settings = Readonly<Record<string, string>>;

const INDEX = `<metadata.labels['apps.kubernetes.io/pod-index']>`;
/** Sixteen bytes in base64, as `kafka-storage.sh random-uuid` writes them. */
const CLUSTER_ID = /^[\w-]{22}$/;
const MEGABYTES: Readonly<Record<string, number>> = { m: 1, g: 1024, Mi: 1, Gi: 1024 };

/** The brokers find each other, and clients find them; and the traps of the image and of a StatefulSet are avoided. */
export const brokers: Rule = (manifests) => {
  const kafka = manifests.find('StatefulSet', 'messaging', 'kafka') as Workload | undefined;
  if (!kafka) return [];
  const [container] = containersOf(kafka);
  const settings = environmentOf(manifests, kafka, container!);
  return [
    ...identity(settings),
    ...voters(manifests, kafka, settings),
    ...listeners(settings),
    ...memory(settings, container!.resources?.limits?.['memory']),
    ...ofPods(kafka),
  ].map((mistake) => (mistake.startsWith('Service ') ? mistake : `${idOf(kafka)} ${mistake}`));
};

function identity({
  CLUSTER_ID: cluster = '',
  KAFKA_NODE_ID: node,
  KAFKA_PROCESS_ROLES: roles,
}: Settings): readonly string[] {
  return [
    ...(CLUSTER_ID.test(cluster) ? [] : [`has the CLUSTER_ID "${cluster}", which is none`]),
    ...(node === INDEX ? [] : [`has the KAFKA_NODE_ID ${node}, which is not the number of its pod`]),
    ...(roles === 'broker,controller'
      ? []
      : [`has the KAFKA_PROCESS_ROLES ${roles}, and is broker,controller`]),
  ];
}

/** All brokers vote, by names that they have before they are ready: without the others none becomes it. */
function voters(
  manifests: Manifests,
  { spec: { replicas = 1, serviceName } }: Workload,
  { KAFKA_CONTROLLER_QUORUM_VOTERS: given = '' }: Settings,
): readonly string[] {
  const names = Array.from(
    { length: replicas },
    (_, id) => `kafka-${id}.${serviceName}.messaging.svc.cluster.local`,
  );
  const expected = names.map((name, id) => `${id}@${name}:9093`).join(',');
  const service = manifests.find('Service', 'messaging', serviceName);
  return [
    ...(given === expected ? [] : [`votes with ${given}, and is ${expected}`]),
    ...(names.every((name) => isNameOfPods(manifests, name))
      ? []
      : [`Service messaging/${serviceName} gives the brokers no names: it is not headless`]),
    ...(service?.spec.publishNotReadyAddresses === true
      ? []
      : [`Service messaging/${serviceName} gives the brokers names only when they are ready`]),
  ];
}

/** What a broker tells its clients is its own name, and where it listens for them; every listener has a protocol. */
function listeners(settings: Settings): readonly string[] {
  const open = listenersIn(settings['KAFKA_LISTENERS']);
  const protocols = new Set(
    (settings['KAFKA_LISTENER_SECURITY_PROTOCOL_MAP'] ?? '').split(',').map((pair) => pair.split(':')[0]),
  );
  const controller = settings['KAFKA_CONTROLLER_LISTENER_NAMES'] ?? '';
  return [
    ...[...listenersIn(settings['KAFKA_ADVERTISED_LISTENERS'])].flatMap(([listener, { host, port }]) => [
      ...(open.get(listener)?.port === port
        ? []
        : [`tells clients of ${listener} on ${port}, where it does not listen`]),
      ...(host.startsWith('kafka-0.') ? [] : [`tells clients that it is ${host}, as every broker does`]),
    ]),
    ...[...open.keys()]
      .filter((listener) => !protocols.has(listener))
      .map((listener) => `has no protocol for ${listener}`),
    ...(open.get(controller)?.port === '9093' ? [] : [`does not listen for its quorum on 9093`]),
  ];
}

function listenersIn(listeners = ''): ReadonlyMap<string, { readonly host: string; readonly port: string }> {
  const found = [...listeners.matchAll(/(\w+):\/\/([^,:]*):(\d+)/g)];
  return new Map(found.map(([, listener, host, port]) => [listener!, { host: host!, port: port! }]));
}

/** Kafka leaves most of its memory to the page cache. */
function memory({ KAFKA_HEAP_OPTS: heap = '' }: Settings, limit = ''): readonly string[] {
  const [, most = '', unit = ''] = /-Xmx(\d+)([mg])/.exec(heap) ?? [];
  const [, allowed = '', of = ''] = /^(\d+)(Mi|Gi)$/.exec(limit) ?? [];
  const isHalf = Number(most) * MEGABYTES[unit]! <= (Number(allowed) * MEGABYTES[of]!) / 2;
  return isHalf ? [] : [`has a heap of ${heap}, more than half of ${limit}`];
}

function ofPods({ spec }: Workload): readonly string[] {
  const { podManagementPolicy, template } = spec;
  const { terminationGracePeriodSeconds = 30, enableServiceLinks = true } = template.spec;
  return [
    ...(podManagementPolicy === 'Parallel'
      ? []
      : ['starts one broker after the other, which needs them all']),
    ...(enableServiceLinks ? ['gets KAFKA_PORT of Kubernetes, which the image takes for a setting'] : []),
    ...(terminationGracePeriodSeconds >= 60
      ? []
      : [`is killed after ${terminationGracePeriodSeconds} s, before it has handed over its partitions`]),
  ];
}
