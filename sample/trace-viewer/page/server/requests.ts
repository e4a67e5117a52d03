import { type Problem, problemOf } from './problem.js';

export interface Answer<Body> {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly body?: Body;
  readonly problem?: Problem;
  /** The trace of what was asked for, where the server names it. */
  readonly traceId?: string;
}

export function get<Body>(path: string): Promise<Answer<Body>> {
  return request(path, {});
}

export function post<Body>(path: string, body: unknown): Promise<Answer<Body>> {
  return request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function request<Body>(path: string, init: RequestInit): Promise<Answer<Body>> {
  try {
    const response = await fetch(path, init);
    const { status } = response;
    if (!response.ok) return { status, problem: await problemOf(response) };
    const traceId = response.headers.get('x-trace-id');
    const text = await response.text();
    return {
      status,
      ...(text === '' ? {} : { body: JSON.parse(text) as Body }),
      ...(traceId ? { traceId } : {}),
    };
  } catch {
    return { status: 0, problem: { title: 'The server does not answer', errors: [] } };
  }
}
