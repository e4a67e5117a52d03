import { EmbeddedKafka } from 'nestjs-kafka-tracing/testing';
import { expectedTraces } from '../../../../sample/runner/expected-traces.js';
import { missingFrom, tracesOfOrders, withJoined } from '../../../../sample/runner/order-trace.js';
import { startTraceReceiver, TraceStore } from '../../../../sample/trace-viewer/index.js';
import { type MailServer, startMailServer } from '../../../support/mail-server.js';
import { PostgresServer } from '../../../support/postgres.js';
import { SampleService } from '../../../support/sample-service.js';
import { afterTest } from '../../../support/tracing.js';
import { until } from '../../../support/until.js';

const AT_ONCE = 10;

/** What both services need, and what outlives them: a broker, a database for each, a mail server, a collector. */
export class SystemUnderTest {
  static async start(kafka: EmbeddedKafka, postgres: PostgresServer): Promise<SystemUnderTest> {
    const store = new TraceStore({ maxSpans: 100_000, maxTraces: 10_000 });
    const collector = await startTraceReceiver({ store });
    afterTest(() => collector.stop());
    const mails = await startMailServer();
    const databases = {
      orders: await postgres.createDatabase(),
      notifications: await postgres.createDatabase(),
    };
    return new SystemUnderTest(kafka, postgres, { store, mails, databases, collectorUrl: collector.url });
  }

  readonly store: TraceStore;
  readonly mails: MailServer;
  readonly #databases: { readonly orders: string; readonly notifications: string };
  readonly #collectorUrl: string;

  private constructor(
    private readonly kafka: EmbeddedKafka,
    private readonly postgres: PostgresServer,
    {
      store,
      mails,
      databases,
      collectorUrl,
    }: {
      readonly store: TraceStore;
      readonly mails: MailServer;
      readonly databases: { readonly orders: string; readonly notifications: string };
      readonly collectorUrl: string;
    },
  ) {
    this.store = store;
    this.mails = mails;
    this.#databases = databases;
    this.#collectorUrl = collectorUrl;
  }

  orderService(): SampleService {
    return SampleService.start('order-service', {
      ...this.#environment(),
      DATABASE_URL: this.#databases.orders,
    });
  }

  notificationService(): SampleService {
    return SampleService.start('notification-service', {
      ...this.#environment(),
      DATABASE_URL: this.#databases.notifications,
      SMTP_URL: this.mails.url,
    });
  }

  /** Places orders, some at a time, and gives the ids of those that were accepted; others may be refused, or fail. */
  async placeOrders(url: string, count: number): Promise<readonly string[]> {
    const accepted: string[] = [];
    let left = count;
    const place = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const id = await placeOrder(url);
        if (id !== undefined) accepted.push(id);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, place));
    return accepted;
  }

  /** Every order has exactly one row that says that its mail was sent, and at least one mail. */
  async untilNotified(ids: readonly string[], deadlineMs: number): Promise<void> {
    const awaited = new Set(ids);
    await until(
      `${ids.length} orders are notified`,
      async () => {
        for (const id of await this.notified()) awaited.delete(id);
        return awaited.size === 0;
      },
      deadlineMs,
    );
  }

  /** The orders whose mail was sent, a row each. */
  async notified(): Promise<readonly string[]> {
    const rows = await this.postgres.query(
      this.#databases.notifications,
      'select order_id from notifications where sent_at is not null',
    );
    return rows.map(({ order_id: id }) => id as string);
  }

  /** The accepted orders without a mail, by the Message-ID of theirs. */
  withoutMail(ids: readonly string[]): readonly string[] {
    const sent = new Set(this.mails.messageIds);
    return ids.filter((id) => !sent.has(`<order-${id}@shop.example>`));
  }

  /** What the traces of these orders lack; waits until that is nothing, or for half a minute. */
  async missingOfTraces(ids: readonly string[]): Promise<readonly string[]> {
    const { order } = expectedTraces('both');
    const waiting = new Set(ids);
    const lacking = (id: string): readonly string[] => {
      const trace = tracesOfOrders(this.store.traces()).get(id);
      return missingFrom(trace ? withJoined(trace, this.store) : [], order);
    };
    const strikeOut = (): boolean => {
      const traces = tracesOfOrders(this.store.traces());
      for (const id of waiting) {
        const trace = traces.get(id);
        if (trace && missingFrom(withJoined(trace, this.store), order).length === 0) waiting.delete(id);
      }
      return waiting.size === 0;
    };
    await until('every trace is whole', strikeOut, 30_000).catch(() => undefined);
    return [...waiting].map((id) => `${id}: ${lacking(id).join('; ')}`);
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      KAFKA_BROKERS: this.kafka.brokers.join(','),
      OTEL_EXPORTER_OTLP_ENDPOINT: this.#collectorUrl,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      LOG_LEVEL: 'warn',
    };
  }
}

async function placeOrder(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customerId: 'customer-1', amount: 5 }),
      signal: AbortSignal.timeout(10_000),
    });
    return response.status === 201 ? ((await response.json()) as { id: string }).id : undefined;
  } catch {
    return undefined; // The service is away.
  }
}
