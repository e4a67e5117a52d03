import { EmbeddedKafka, type KafkaForTests } from 'nestjs-kafka-tracing/testing';
import { RefusalError } from '../trace-viewer/index.js';

/** Stops the broker, as a crash does, and starts it again with its data; only where this process has started it. */
export class BrokerSwitch {
  #runs = true;
  #turning: Promise<void> = Promise.resolve();

  constructor(private readonly kafka: KafkaForTests) {}

  get isOurs(): boolean {
    return this.kafka instanceof EmbeddedKafka;
  }

  get runs(): boolean {
    return this.#runs;
  }

  /** Resolves when it is so: one after the other, where several ask. */
  async turn(running: boolean): Promise<void> {
    const { kafka } = this;
    if (!(kafka instanceof EmbeddedKafka)) {
      throw new RefusalError(
        409,
        'This Kafka is not the sample’s own: KAFKA_BROKERS names it. Stop it by hand.',
      );
    }
    const turned = this.#turning.then(() => this.#turn(kafka, running));
    this.#turning = turned.catch(() => undefined);
    await turned;
  }

  async #turn(kafka: EmbeddedKafka, running: boolean): Promise<void> {
    if (this.#runs === running) return;
    await (running ? kafka.restart() : kafka.kill());
    this.#runs = running;
  }
}
