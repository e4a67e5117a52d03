import { Injectable } from '@nestjs/common';
import { KafkaTracing } from 'nestjs-kafka-tracing';
import type { Database } from '../../platform/database/database.js';
import { query } from '../../platform/database/query.js';
import { outbox } from '../database/schema.js';
import type { OutboxMessage } from './outbox-row.js';

/** Where messages are put that must be sent if, and only if, a transaction commits. */
@Injectable()
export class Outbox {
  constructor(private readonly tracing: KafkaTracing) {}

  /** Adds one send, of one message or of a batch, to `transaction`; it will be made in the context that is active now. */
  async add(transaction: Database, topic: string, messages: readonly OutboxMessage[]): Promise<void> {
    await query(transaction.insert(outbox).values({ topic, messages, headers: this.tracing.inject() }));
  }
}
