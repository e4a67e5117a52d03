import { Inject, Injectable } from '@nestjs/common';
import { ClientKafka } from '@nestjs/microservices';
import { context } from '@opentelemetry/api';
import { KafkaTracing } from 'nestjs-kafka-tracing';
import { lastValueFrom } from 'rxjs';
import type { OutboxRow } from './outbox-row.js';

export const KAFKA_CLIENT = 'KAFKA_CLIENT';

/** Makes the send of a row, in the context in which the row was written. */
@Injectable()
export class OutboxSender {
  constructor(
    @Inject(KAFKA_CLIENT) private readonly client: ClientKafka,
    private readonly tracing: KafkaTracing,
  ) {}

  async connect(): Promise<void> {
    await this.client.connect();
  }

  /**
   * Resolves when the broker has acknowledged all messages of the row. Its headers are not put on them: a message that carries
   * a context of its own keeps it, and its send would be no part of its trace.
   */
  async send({ topic, messages, headers }: OutboxRow): Promise<void> {
    await context.with(this.tracing.extract(headers), () => {
      const [message, ...more] = messages;
      const sending =
        more.length === 0
          ? this.client.emit(topic, message)
          : this.client.emitBatch(topic, { messages: [...messages] });
      return lastValueFrom(sending);
    });
  }
}
