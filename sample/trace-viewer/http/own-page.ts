import type { IncomingMessage } from 'node:http';
import { RefusalError } from './refusal.error.js';

/**
 * Lets only this server's own page, and programs of this machine, through. Any web site that is open in a browser could
 * otherwise send requests here, or, by a name of its own that leads to 127.0.0.1, read the answers.
 *
 * @throws RefusalError of 403
 */
export function requireOwnPage({ method, headers }: IncomingMessage, port: number): void {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
  if (!hosts.includes(headers.host ?? '')) {
    throw new RefusalError(403, `Expected a Host of ${hosts[0]}, got ${headers.host ?? 'none'}`);
  }
  if (method === 'GET' || method === 'HEAD') return;
  const { origin } = headers;
  if (origin !== undefined && !hosts.includes(origin.replace(/^http:\/\//, ''))) {
    throw new RefusalError(403, `Expected an Origin of http://${hosts[0]}, got ${origin}`);
  }
  // A form of another site can send any other type without asking first.
  if (headers['content-type']?.split(';')[0]?.trim() !== 'application/json') {
    throw new RefusalError(415, 'Expected a Content-Type of application/json');
  }
}
