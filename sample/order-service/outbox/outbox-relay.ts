import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { OUTBOX_RELAY_LOCK } from '../../platform/database/advisory-locks.js';
import type { Database, OpenDatabase } from '../../platform/database/database.js';
import { OPEN_DATABASE } from '../../platform/database/database.module.js';
import { reasonOf } from '../../platform/lifecycle/error-reason.js';
import { OutboxSender } from './outbox-sender.js';
import { deleteSent, markSent, readUnsent } from './unsent-rows.js';
import { Wakeup } from './wakeup.js';

/** As many as may be sent twice when this process dies before it has marked them. */
const ROWS_PER_PASS = 20;
/** Rows of other replicas do not wake this one. */
const POLL_MS = 500;
/** How long it takes at most until another replica sends where the one that did is gone. */
const STANDBY_MS = 2000;
const PAUSE_AFTER_FAILURE_MS = 1000;
const KEEP_DAYS = 7;
const PURGE_EVERY_MS = 3_600_000;
const SHUTDOWN_MS = 3000;

/**
 * Sends what is in the outbox, in the order in which it was put there, at least once. Of all replicas one does, the one that
 * holds the lock; the others stand by. It reads and marks by the session of the lock, so that it notices at once when it is not
 * the one any more. No transaction is open while it waits for Kafka.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly wakeup = new Wakeup();
  private readonly leaving = new AbortController();
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(OPEN_DATABASE) private readonly connection: OpenDatabase,
    private readonly sender: OutboxSender,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.sender.connect();
    this.running = this.run();
  }

  /** Looks for rows now, rather than at the next poll. */
  wake(): void {
    this.wakeup.call();
  }

  /** No request is under way any more: sends what is left, unless Kafka is away. What stays is sent after the next start. */
  async onApplicationShutdown(): Promise<void> {
    this.leaving.abort();
    this.wake();
    await Promise.race([this.running, delay(SHUTDOWN_MS, undefined, { ref: false })]);
    this.stopped = true;
  }

  private get isLeaving(): boolean {
    return this.leaving.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.connection.exclusively(OUTBOX_RELAY_LOCK, (session) => this.relay(session));
      } catch (error) {
        if (this.stopped) return;
        this.logger.warn(`The relay starts anew: ${reasonOf(error)}`);
        await delay(PAUSE_AFTER_FAILURE_MS);
      }
      if (this.isLeaving) return;
      await delay(STANDBY_MS, undefined, { signal: this.leaving.signal }).catch(() => undefined);
    }
  }

  private async relay(session: Database): Promise<void> {
    for (let purgedAt = -Infinity; !this.stopped;) {
      if (performance.now() - purgedAt > PURGE_EVERY_MS) {
        await deleteSent(session, KEEP_DAYS);
        purgedAt = performance.now();
      }
      const outcome = await this.pass(session);
      if (this.isLeaving && outcome !== 'sent') return;
      if (outcome === 'idle') await this.wakeup.sleep(POLL_MS);
      if (outcome === 'failed') await delay(PAUSE_AFTER_FAILURE_MS);
    }
  }

  /** Stops at the first row that cannot be sent: none overtakes another. */
  private async pass(session: Database): Promise<'idle' | 'sent' | 'failed'> {
    const rows = await readUnsent(session, ROWS_PER_PASS);
    if (rows.length === 0) return 'idle';
    let sent = 0;
    try {
      for (const row of rows) {
        if (this.stopped) break;
        await this.sender.send(row);
        sent += 1;
      }
    } catch (error) {
      this.logger.warn(`Row ${rows[sent]?.id} of the outbox waits: ${reasonOf(error)}`);
    }
    if (sent > 0) await markSent(session, rows.slice(0, sent));
    return sent === rows.length ? 'sent' : 'failed';
  }
}
