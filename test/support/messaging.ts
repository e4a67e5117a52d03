import { context } from '@opentelemetry/api';
import type { CommittedOffsets } from './committed-offsets.js';
import {
  OrderApplication,
  type OrderTopics,
  type OrdersOutcome,
  type RunSetup,
} from './order-application.js';
import { usePreparedTopics } from './prepared-topics.js';
import { StockKeeper, type StockOutcome } from './stock-keeper.js';

export interface MessagingTopics extends OrderTopics {
  readonly stock: string;
}

export interface RoundOutcome {
  readonly orders: OrdersOutcome;
  readonly stock: StockOutcome;
}

export interface MessagingOutcome extends RoundOutcome {
  readonly committed: CommittedOffsets;
}

/** All that is done with Kafka in one process: by a Nest application, and by kafkajs beside it. */
export class Messaging {
  private constructor(
    private readonly orders: OrderApplication,
    private readonly stock: StockKeeper,
    private readonly caller: RunSetup['caller'],
  ) {}

  static async start(topics: MessagingTopics, setup: RunSetup = {}): Promise<Messaging> {
    const orders = new OrderApplication(topics, setup);
    const stock = new StockKeeper(topics.stock, setup, () => orders.kafkaTracing);
    const messaging = new Messaging(orders, stock, setup.caller);
    await messaging.#orClose(() => Promise.all([orders.start(), stock.start()]));
    return messaging;
  }

  async round(): Promise<RoundOutcome> {
    const both = () => Promise.all([this.orders.round(), this.stock.round()]);
    const [orders, stock] = await (this.caller === undefined ? both() : context.with(this.caller(), both));
    return { orders, stock };
  }

  /** Everything once, and then the end. */
  async onlyRound(): Promise<MessagingOutcome> {
    const outcome = await this.#orClose(() => this.round());
    return { ...outcome, committed: await this.close() };
  }

  async close(): Promise<CommittedOffsets> {
    const [committed] = await Promise.all([this.orders.close(), this.stock.close()]);
    return committed;
  }

  async #orClose<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}

/** Starts it, does everything once, and closes it. */
export async function messagingOutcome(topics: MessagingTopics, setup?: RunSetup): Promise<MessagingOutcome> {
  return (await Messaging.start(topics, setup)).onlyRound();
}

/** Topics for so many starts; others at each call. */
export function useMessagingTopics(starts: number): () => MessagingTopics {
  const freshTopic = usePreparedTopics(3 * starts);
  const freshRequestTopic = usePreparedTopics(starts, { reply: true });
  return () => ({
    orders: freshTopic(),
    deadLetters: freshTopic(),
    stock: freshTopic(),
    requests: freshRequestTopic(),
  });
}
