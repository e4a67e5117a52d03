import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TraceStore } from '../model/trace-store.js';
import { type AcceptedRequest, receiveTraces } from './receive-traces.js';
import { RefusalError } from './refusal.error.js';

export interface TraceReceiverOptions {
  /** Where the spans go. */
  readonly store: TraceStore;
  /** @default 0, any free port */
  readonly port?: number;
  /** Before and after decompression. @default 4 MiB */
  readonly maxBodyBytes?: number;
  /** Told of every request that was understood, with its bytes as they came. Must not throw. */
  readonly onAccepted?: (request: AcceptedRequest) => void;
}

export interface TraceReceiver {
  /** What belongs in `OTEL_EXPORTER_OTLP_ENDPOINT`, such as `http://127.0.0.1:4318`. */
  readonly url: string;
  stop(): Promise<void>;
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Takes traces over OTLP/HTTP from any OpenTelemetry process of this machine, and of no other. */
export async function startTraceReceiver(options: TraceReceiverOptions): Promise<TraceReceiver> {
  const { store, maxBodyBytes = 4 * 1024 * 1024, onAccepted = () => {} } = options;
  const routes = new Map<string, Route>([
    [
      'POST /v1/traces',
      (request, response) => receiveTraces(request, response, { store, maxBodyBytes, onAccepted }),
    ],
  ]);
  const server = createServer((request, response) => void answer(routes, request, response));
  await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => close(server),
  };
}

async function answer(
  routes: ReadonlyMap<string, Route>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await routeOf(routes, request)(request, response);
  } catch (error) {
    const status = error instanceof RefusalError ? error.status : 500;
    // A client that hung up needs no answer.
    if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain' });
    response.end(`${(error as Error).message}\n`);
    request.resume();
  }
}

function routeOf(routes: ReadonlyMap<string, Route>, request: IncomingMessage): Route {
  const path = request.url?.split('?')[0] ?? '/';
  const route = routes.get(`${request.method} ${path}`);
  if (route) return route;
  const known = [...routes.keys()].some((key) => key.endsWith(` ${path}`));
  throw known ? new RefusalError(405, `No ${request.method} here`) : new RefusalError(404, `No ${path} here`);
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
