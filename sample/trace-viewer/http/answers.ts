import { STATUS_CODES, type ServerResponse } from 'node:http';

export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = Buffer.from(JSON.stringify(value));
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...UNCACHED })
    .end(body);
}

/** Says what was wrong with a request. @see https://www.rfc-editor.org/rfc/rfc9457 */
export function answerProblem(response: ServerResponse, status: number, detail: string): void {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
  const body = Buffer.from(JSON.stringify(problem));
  response
    .writeHead(status, {
      'content-type': 'application/problem+json',
      'content-length': body.length,
      ...UNCACHED,
    })
    .end(body);
}

const UNCACHED = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;
