import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerProblem } from '../http/answers.js';
import { requireOwnPage } from '../http/own-page.js';
import { RefusalError } from '../http/refusal.error.js';
import { pathOf, routerOf, type Routes } from '../http/route.js';
import { LagStore } from '../model/lag-store.js';
import type { TraceStore } from '../model/trace-store.js';
import { PageServer } from '../page-server/page-server.js';
import { receiveMetrics } from './receive-metrics.js';
import type { AcceptedRequest } from './receive-export.js';
import { receiveTraces } from './receive-traces.js';

export interface TraceReceiverOptions {
  /** Where the spans go. */
  readonly store: TraceStore;
  /** Where the lag of consumers goes. @default a new one */
  readonly lag?: LagStore;
  /** @default 0, any free port */
  readonly port?: number;
  /** Before and after decompression. @default 4 MiB */
  readonly maxBodyBytes?: number;
  /** Told of every request with spans that was understood, with its bytes as they came. Must not throw. */
  readonly onAccepted?: (request: AcceptedRequest) => void;
  /** Further routes, for the page and for programs of this machine only, as the page's own are. @default {} */
  readonly routes?: Routes;
  /** Of the built page. @default where the build puts it */
  readonly pageFolder?: string;
}

export interface TraceReceiver {
  /** What belongs in `OTEL_EXPORTER_OTLP_ENDPOINT`, such as `http://127.0.0.1:4318`; in a browser it is the page. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Takes traces and metrics over OTLP/HTTP from any OpenTelemetry process of this machine, and of no other, and shows them. */
export async function startTraceReceiver(options: TraceReceiverOptions): Promise<TraceReceiver> {
  const { store, lag = new LagStore(), maxBodyBytes = 4 * 1024 * 1024, onAccepted = () => {} } = options;
  const page = new PageServer({ store, lag, folder: options.pageFolder });
  const route = routerOf({
    'POST /v1/traces': (request, response) =>
      receiveTraces(request, response, { store, maxBodyBytes, onAccepted }),
    'POST /v1/metrics': (request, response) => receiveMetrics(request, response, { lag, maxBodyBytes }),
    ...page.routes,
    ...options.routes,
  });
  const server = createServer((request, response) => void answer(route, request, response));
  await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    stop: async () => {
      page.stop();
      await close(server);
    },
  };
}

async function answer(
  route: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!pathOf(request).startsWith('/v1/')) requireOwnPage(request, request.socket.localPort ?? 0);
    await route(request, response);
  } catch (error) {
    const status = error instanceof RefusalError ? error.status : 500;
    // A client that hung up needs no answer.
    if (response.headersSent) response.end();
    else answerProblem(response, status, (error as Error).message);
    request.resume();
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
