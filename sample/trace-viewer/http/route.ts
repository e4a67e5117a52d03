import type { IncomingMessage, ServerResponse } from 'node:http';
import { RefusalError } from './refusal.error.js';

type Parameters = Readonly<Record<string, string>>;

/** Answers one request; what it throws is answered for it. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  parameters: Parameters,
) => Promise<void> | void;

/** By method and path, in which `:name` stands for any one segment: `GET /api/traces/:traceId`. */
export type Routes = Readonly<Record<string, Answer>>;

interface CompiledRoute {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: Answer;
}

/** Answers a request by its route; rejects with a {@link RefusalError} of 404 or 405 where there is none. */
export function routerOf(
  routes: Routes,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const compiled = Object.entries(routes).map(([key, answer]) => compile(key, answer));
  return async (request, response) => {
    const path = pathOf(request);
    const here = compiled.filter((route) => route.path.test(path));
    const route = here.find(({ method }) => method === request.method);
    if (!route) throw here.length > 0 ? notAllowed(request) : new RefusalError(404, `No ${path} here`);
    await route.answer(request, response, route.path.exec(path)?.groups ?? {});
  };
}

export function pathOf({ url }: IncomingMessage): string {
  return url?.split('?')[0] ?? '/';
}

function compile(key: string, answer: Answer): CompiledRoute {
  const [method = '', pattern = ''] = key.split(' ');
  const path = pattern.replaceAll('.', String.raw`\.`).replaceAll(/:(\w+)/g, '(?<$1>[^/]+)');
  return { method, path: new RegExp(`^${path}$`), answer };
}

function notAllowed({ method }: IncomingMessage): RefusalError {
  return new RefusalError(405, `No ${method} here`);
}
