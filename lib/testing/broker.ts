import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerKeeper } from './broker-keeper.js';
import { EmbeddedKafkaError, OR_USE_ANOTHER_BROKER } from './embedded-kafka.error.js';
import { portTaken } from './free-ports.js';
import { untilAnswering } from './kafka-admin.js';
import {
  type BrokerPorts,
  type BrokerProperties,
  LOG4J_PROPERTIES,
  serverProperties,
} from './server-properties.js';

/** @internal */
export interface BrokerOptions {
  readonly java: string;
  readonly jars: string;
  readonly ports: BrokerPorts;
  readonly properties?: BrokerProperties | undefined;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
}

// A small heap that starts fast, and no performance data: a JVM that is killed leaves that in the temporary folder.
const JVM_FLAGS = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/** @internal One broker with its data, its ports and its keeper. */
export class Broker {
  readonly address: string;
  readonly #clusterId = randomBytes(16).toString('base64url');

  /** Starts a broker on new data. When that fails nothing is left. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options, await BrokerKeeper.hire(options.stopTimeoutMs));
    try {
      await broker.#format();
      await broker.launch();
      return broker;
    } catch (error) {
      await broker.dismiss();
      throw error;
    }
  }

  private constructor(
    private readonly options: BrokerOptions,
    private readonly keeper: BrokerKeeper,
  ) {
    this.address = `127.0.0.1:${options.ports.client}`;
  }

  /** Runs the broker on the data that is there, until it answers. */
  async launch(): Promise<void> {
    const { pid, ended } = await this.#java('kafka.Kafka', ['server.properties']);
    const giveUp = new AbortController();
    const answering = untilAnswering([this.address], giveUp.signal, this.#clusterId);
    const deadline = setTimeout(() => giveUp.abort(), this.options.startTimeoutMs);
    try {
      const end = await Promise.race([answering.then(() => undefined), ended]);
      if (end !== undefined) throw this.#failed(`it ended (${end})`);
    } catch (error) {
      if (error instanceof EmbeddedKafkaError) throw error;
      throw this.#failed(`no answer for ${this.options.startTimeoutMs} ms (process ${pid})`, error);
    } finally {
      clearTimeout(deadline);
      giveUp.abort();
      await answering.catch(() => {});
    }
  }

  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.keeper.end(signal);
  }

  dismiss(): Promise<void> {
    return this.keeper.dismiss();
  }

  async #format(): Promise<void> {
    const { ports, properties } = this.options;
    const { folder } = this.keeper;
    writeFileSync(join(folder, 'log4j2.properties'), LOG4J_PROPERTIES);
    writeFileSync(
      join(folder, 'server.properties'),
      serverProperties(ports, join(folder, 'data'), properties),
    );
    const args = ['format', '--standalone', `-t=${this.#clusterId}`, '-c=server.properties'];
    const { ended } = await this.#java('kafka.tools.StorageTool', args);
    const end = await this.keeper.waitFor(ended);
    if (end !== '0') throw this.#failed(`its storage could not be formatted (${end})`);
  }

  #java(mainClass: string, args: readonly string[]): ReturnType<BrokerKeeper['run']> {
    const logging = `-Dlog4j2.configurationFile=${join(this.keeper.folder, 'log4j2.properties')}`;
    const classPath = ['-cp', join(this.options.jars, '*')];
    return this.keeper.run(this.options.java, [...JVM_FLAGS, logging, ...classPath, mainClass, ...args]);
  }

  #failed(how: string, cause?: unknown): EmbeddedKafkaError {
    const output = lastLines(join(this.keeper.folder, 'output.log'));
    const { client, controller } = this.options.ports;
    if (/Address already in use|BindException/.test(output)) return portTaken(client, controller);
    return new EmbeddedKafkaError(
      'EMBEDDED_KAFKA_START_FAILED',
      `Kafka did not start: ${how}. Its last words:\n${output}\n`,
      `Check the \`properties\` that you gave, raise \`startTimeoutMs\`, ${OR_USE_ANOTHER_BROKER}`,
      { cause },
    );
  }
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-30).join('\n');
  } catch {
    return '(none)';
  }
}
