import { ServerKafka, Server, type CustomTransportStrategy, Transport } from '@nestjs/microservices';
import { kafkaOptions } from './nest-app.js';

/** A Kafka server that has handlers and never connects. */
export class IdleServer extends ServerKafka {
  constructor(options = kafkaOptions('idle')) {
    super(options);
  }

  override async listen(callback: () => void): Promise<void> {
    callback();
  }
}

/** A strategy of the user's own, which is nothing of Nest's for Kafka. */
export class OwnStrategy extends Server implements CustomTransportStrategy {
  constructor(override readonly transportId: Transport | symbol) {
    super();
  }

  listen(callback: () => void): void {
    callback();
  }

  close(): void {}

  on(): void {}

  unwrap(): never {
    throw new Error('There is nothing to unwrap.');
  }
}
