import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  answerJson,
  type Answer,
  readBody,
  RefusalError,
  type Routes,
  type TraceStore,
} from '../trace-viewer/index.js';
import type { SampleState } from '../trace-viewer/page/page-api.js';
import type { Relation } from './arguments.js';
import { BrokerSwitch } from './broker-switch.js';
import { bulkOrders, POISON_CUSTOMER } from './place-orders.js';
import type { RunningSystem } from './running-system.js';
import { traceIdOfOrder } from './trace-id-of-order.js';

const MOST_BYTES = 64 * 1024;
const TIMEOUT_MS = 15_000;

interface Connected {
  readonly orderServiceUrl: string;
  readonly broker: BrokerSwitch;
}

/** What the page can do with the sample: place orders, and stop the broker. */
export class SampleRoutes {
  readonly routes: Routes = {
    'GET /api/sample': (_request, response) => answerJson(response, this.#state()),
    'POST /api/sample/orders': async (request, response) =>
      this.#place('/orders', await readBody(request, MOST_BYTES), response),
    'POST /api/sample/bulk': async (request, response) => {
      const count = await wholeNumber(request, 'count', 1, 1000);
      await this.#place('/orders/bulk', JSON.stringify({ orders: bulkOrders(count) }), response);
    },
    'POST /api/sample/poison': (_request, response) =>
      this.#place('/orders', JSON.stringify({ customerId: POISON_CUSTOMER, amount: 10 }), response),
    'POST /api/sample/broker': async (request, response) => {
      const { running } = await objectOf(request);
      if (typeof running !== 'boolean') throw new RefusalError(400, 'Expected `running` to be true or false');
      await this.#system().broker.turn(running);
      answerJson(response, this.#state());
    },
  } satisfies Record<string, Answer>;

  #connected: Connected | undefined;

  constructor(
    private readonly store: TraceStore,
    private readonly relation: Relation,
  ) {}

  /** Until then the sample is still starting. */
  connect({ kafka, orderServiceUrl }: RunningSystem): void {
    this.#connected = { orderServiceUrl, broker: new BrokerSwitch(kafka) };
  }

  #system(): Connected {
    if (this.#connected) return this.#connected;
    throw new RefusalError(503, 'The sample is still starting. Try again in a moment.');
  }

  #state(): SampleState {
    const { broker } = this.#system();
    return { controlsBroker: broker.isOurs, brokerRuns: broker.runs, relation: this.relation };
  }

  /** Hands on what order-service answers, with the trace that this belongs to. */
  async #place(path: string, body: Buffer | string, response: ServerResponse): Promise<void> {
    const answer = await fetch(`${this.#system().orderServiceUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : new Uint8Array(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new RefusalError(502, `order-service does not answer: ${String(error)}`);
    });
    const text = await answer.text();
    const id = orderIdIn(text);
    const traceId = id === undefined ? undefined : await traceIdOfOrder(this.store, id);
    response
      .writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'application/json',
        'cache-control': 'no-store',
        ...(traceId !== undefined && { 'x-trace-id': traceId }),
      })
      .end(text);
  }
}

/** Of one order, or of the first one of many. */
function orderIdIn(answer: string): string | undefined {
  const { id, orders } = JSON.parse(answer) as { id?: string; orders?: readonly { id: string }[] };
  return id ?? orders?.[0]?.id;
}

async function wholeNumber(
  request: IncomingMessage,
  name: string,
  least: number,
  most: number,
): Promise<number> {
  const value = (await objectOf(request))[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RefusalError(400, `Expected \`${name}\` to be a whole number from ${least} to ${most}`);
}

async function objectOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body = String(await readBody(request, MOST_BYTES));
  try {
    const value = JSON.parse(body) as unknown;
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new RefusalError(400, 'Expected a JSON object');
}
