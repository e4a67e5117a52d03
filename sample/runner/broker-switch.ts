import { EmbeddedKafka, type KafkaForTests } from 'nestjs-kafka-tracing/testing';
import { RefusalError } from '../trace-viewer/index.js';

/** Stops the broker, as a crash does, and starts it again with its data; only where this process has started it. */
export class BrokerSwitch {
  #runs = true;

  constructor(private readonly kafka: KafkaForTests) {}

  get isOurs(): boolean {
    return this.kafka instanceof EmbeddedKafka;
  }

  get runs(): boolean {
    return this.#runs;
  }

  /** Resolves when it is so. Whoever asks for what is so already gets the same answer. */
  async turn(running: boolean): Promise<void> {
    if (!(this.kafka instanceof EmbeddedKafka)) {
      throw new RefusalError(
        409,
        'This Kafka is not the sample’s own: KAFKA_BROKERS names it. Stop it by hand.',
      );
    }
    if (this.#runs === running) return;
    this.#runs = running;
    await (running ? this.kafka.restart() : this.kafka.kill());
  }
}
