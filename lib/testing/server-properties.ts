/**
 * Settings of the broker, by their names in Kafka's `server.properties`.
 *
 * @experimental
 * @publicApi
 */
export type BrokerProperties = Readonly<Record<string, string | number | boolean>>;

/** @internal */
export interface BrokerPorts {
  readonly client: number;
  readonly controller: number;
}

/**
 * The `server.properties` of one broker that is its own controller and listens on 127.0.0.1 only.
 * Everything internal is as small as it goes: one replica, one partition, no waiting for more group members.
 *
 * @internal
 */
export function serverProperties(
  ports: BrokerPorts,
  dataFolder: string,
  extra: BrokerProperties = {},
): string {
  const properties: BrokerProperties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${ports.controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${ports.client},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports.client},CONTROLLER://127.0.0.1:${ports.controller}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataFolder,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    // After a kill the controller refuses the new broker until the old one's session has run out: by default 9 s.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    // The default of 128 MB does not fit into the small heap.
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    // A fetch that waited is kept for each of its partitions until so many did: with the default of 1,000 a broker of this heap
    // came to a stand-still under four consumers of 1,000 topics each.
    'fetch.purgatory.purge.interval.requests': 100,
    ...extra,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${escape(name).replace(/[\s:=#!]/g, '\\$&')}=${escape(String(value))}\n`)
    .join('');
}

/** @internal Warnings only, to the process's own output. */
export const LOG4J_PROPERTIES = `status = ERROR
appender.output.type = Console
appender.output.name = output
appender.output.layout.type = PatternLayout
appender.output.layout.pattern = %d %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.output.ref = output
`;

/** Java's properties format: a backslash escapes, a line ends the value, leading blanks are dropped. */
function escape(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/^ /, '\\ ');
}
