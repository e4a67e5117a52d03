import type { ITopicConfig } from 'kafkajs';
import { Broker, type BrokerOptions } from './broker.js';
import { EmbeddedKafkaError, OR_USE_ANOTHER_BROKER } from './embedded-kafka.error.js';
import { existingKafka } from './existing-kafka.js';
import { findFreePorts, giveBack, isFree, portTaken } from './free-ports.js';
import { findJava } from './java.js';
import { createTopics } from './kafka-admin.js';
import type { KafkaForTests } from './kafka-for-tests.js';
import { removeLeftovers } from './leftovers.js';
import { kafkaJars } from './kafka-jars.js';
import type { BrokerProperties } from './server-properties.js';

/**
 * How to start an {@link EmbeddedKafka}.
 *
 * @experimental
 * @publicApi
 */
export interface EmbeddedKafkaOptions {
  /**
   * The port on 127.0.0.1 that clients use.
   *
   * @default a free one, outside the range of ports for outgoing connections
   */
  readonly port?: number;
  /**
   * Where Apache Kafka's jars are kept, for all projects and processes that name the same folder.
   *
   * @default the environment variable `EMBEDDED_KAFKA_CACHE`, else `.kafka` in the working directory
   */
  readonly cacheFolder?: string;
  /**
   * Settings of the broker, by their names in `server.properties`; they win over ours.
   *
   * @default {}
   */
  readonly properties?: BrokerProperties;
  /**
   * Told what takes long, such as a download.
   *
   * @default nobody is told
   */
  readonly onProgress?: (message: string) => void;
  /**
   * Milliseconds until a broker that does not answer is given up. A download does not count.
   *
   * @default 60_000
   */
  readonly startTimeoutMs?: number;
  /**
   * Milliseconds until a broker that was asked to stop is killed.
   *
   * @default 5_000
   */
  readonly stopTimeoutMs?: number;
}

/** How often other ports are tried when somebody was faster. */
const PORT_ATTEMPTS = 5;

/**
 * A real Apache Kafka on this machine, for tests and samples: one broker on 127.0.0.1, without Docker. It needs Linux
 * or macOS, Java 17 and, the first time, Maven.
 *
 * The broker never outlives this process, however that ends, and its data goes with it.
 *
 * ```ts
 * const kafka = await EmbeddedKafka.start();
 * await kafka.createTopics('orders');
 * const client = new Kafka({ brokers: [...kafka.brokers] });
 * // …
 * await kafka.stop();
 * ```
 *
 * @experimental
 * @publicApi
 */
export class EmbeddedKafka implements KafkaForTests {
  readonly brokers: readonly string[];

  /** @internal */
  private readonly broker: Broker;
  /** @internal */
  private readonly giveBackPorts: () => void;
  /** @internal The last thing asked for: they are done one after the other. */
  private last: Promise<void> = Promise.resolve();
  /** @internal */
  private stopping: Promise<void> | undefined;

  /**
   * Starts a broker on new data, and resolves when it answers. Several may run side by side.
   *
   * @throws {@link EmbeddedKafkaError} with a `code` and a cure: unsupported platform, Java or Maven missing, download
   * or start failed, `port` taken. Nothing is left then.
   */
  static async start(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
    requireSupportedPlatform();
    await requirePort(options.port);
    const java = await findJava();
    await removeLeftovers();
    const jars = await kafkaJars(options);
    const { properties, startTimeoutMs = 60_000, stopTimeoutMs = 5_000 } = options;
    const settings = { java, jars, properties, startTimeoutMs, stopTimeoutMs };
    const [broker, giveBackPorts] = await startOnFreePorts(options.port, settings);
    return new EmbeddedKafka(broker, giveBackPorts);
  }

  /**
   * The broker that the environment variable `KAFKA_BROKERS` names (`host:port`, separated by commas), which is left
   * running by `stop()`; where it is not set, {@link EmbeddedKafka.start}.
   *
   * @throws {@link EmbeddedKafkaError} as `start` does, or when `KAFKA_BROKERS` does not answer in `startTimeoutMs`.
   */
  static async startOrUse(options: EmbeddedKafkaOptions = {}): Promise<KafkaForTests> {
    return (
      (await existingKafka(process.env.KAFKA_BROKERS, options.startTimeoutMs)) ?? EmbeddedKafka.start(options)
    );
  }

  /** @internal */
  constructor(broker: Broker, giveBackPorts: () => void) {
    this.broker = broker;
    this.giveBackPorts = giveBackPorts;
    this.brokers = Object.freeze([broker.address]);
  }

  async createTopics(...topics: readonly (string | ITopicConfig)[]): Promise<void> {
    await createTopics(this.brokers, topics);
  }

  /** Ends the broker, deletes its data and frees its ports. May be called more than once. */
  stop(): Promise<void> {
    return (this.stopping ??= this.next(async () => {
      await this.broker.dismiss();
      this.giveBackPorts();
    }));
  }

  /** Kills the broker as a crash would (SIGKILL); its data and its port stay for {@link EmbeddedKafka.restart}. */
  kill(): Promise<void> {
    return this.whileInUse(() => this.broker.end('SIGKILL'));
  }

  /** Starts the broker again on the same port and the same data; one that still runs is stopped first. */
  restart(): Promise<void> {
    return this.whileInUse(async () => {
      await this.broker.end('SIGTERM');
      await this.broker.launch();
    });
  }

  /** @internal */
  private async whileInUse(work: () => Promise<void>): Promise<void> {
    if (this.stopping === undefined) return this.next(work);
    const cure = 'Start another EmbeddedKafka.';
    throw new EmbeddedKafkaError('EMBEDDED_KAFKA_STOPPED', 'This EmbeddedKafka was stopped.', cure);
  }

  /** @internal */
  private next(work: () => Promise<void>): Promise<void> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }
}

async function startOnFreePorts(
  port: number | undefined,
  options: Omit<BrokerOptions, 'ports'>,
): Promise<[Broker, () => void]> {
  for (let attempt = 1; ; attempt++) {
    const free = await findFreePorts(port === undefined ? 2 : 1, port);
    const [controller, client = port] = free as [number, number?];
    const giveBackPorts = (): void => giveBack(free);
    try {
      return [await Broker.start({ ...options, ports: { client: client!, controller } }), giveBackPorts];
    } catch (error) {
      giveBackPorts();
      const taken = error instanceof EmbeddedKafkaError && error.code === 'EMBEDDED_KAFKA_PORT_TAKEN';
      if (!taken || port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function requireSupportedPlatform(): void {
  if (process.platform === 'linux' || process.platform === 'darwin') return;
  throw new EmbeddedKafkaError(
    'EMBEDDED_KAFKA_PLATFORM_UNSUPPORTED',
    `EmbeddedKafka runs on Linux and macOS, and this is ${process.platform}.`,
    `Run this on Linux (on Windows: in WSL), ${OR_USE_ANOTHER_BROKER}`,
  );
}

async function requirePort(port: number | undefined): Promise<void> {
  if (port === undefined) return;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    const problem = `Expected \`port\` to be an integer from 1 to 65535, got \`${String(port)}\` (${typeof port}).`;
    throw new EmbeddedKafkaError('EMBEDDED_KAFKA_OPTION_INVALID', problem, 'Leave it out to get a free one.');
  }
  if (!(await isFree(port))) throw portTaken(port);
}
