import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, type Span } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';

interface Route {
  readonly path: string;
  readonly methods: Readonly<Record<string, boolean>>;
}

interface RouterLayer {
  readonly route?: Route;
  match(path: string): unknown;
}

interface ExpressRequest extends IncomingMessage {
  readonly route?: Route;
  readonly path?: string;
  readonly app?: { readonly router: { readonly stack: readonly RouterLayer[] } };
}

/**
 * A response hook that names the span of a request after its route, `GET /orders/:id`. In ES modules the
 * instrumentation of HTTP sees the request but not the router, and would name the span just `GET`.
 */
export function nameSpanAfterRoute(_span: Span, response: IncomingMessage | ServerResponse): void {
  const metadata = getRPCMetadata(context.active());
  if (!metadata || !('req' in response)) return;
  response.on('close', () => {
    const route = routeOf(response.req);
    if (route !== undefined) metadata.route = route;
  });
}

/** A request that was refused before it was routed, malformed JSON for one, is matched against the routes here. */
function routeOf(request: ExpressRequest): string | undefined {
  if (request.route && !isOfMiddleware(request.route)) return request.route.path;
  const method = request.method?.toLowerCase() ?? '';
  const path = request.path ?? '';
  try {
    const layers = request.app?.router.stack ?? [];
    const matching = layers.filter(({ route }) => route?.methods[method] && !isOfMiddleware(route));
    return matching.find((layer) => layer.match(path))?.route?.path;
  } catch {
    return undefined; // A path that cannot be decoded has no route.
  }
}

/** Nest's middleware for all routes has a route of its own, and says nothing of what was asked for. */
function isOfMiddleware({ path }: Route): boolean {
  return path.endsWith('*splat}');
}
