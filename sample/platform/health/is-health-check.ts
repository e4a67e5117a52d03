import type { IncomingMessage } from 'node:http';

/** Asked every few seconds for ever: what they log and trace would bury the rest. */
export function isHealthCheck({ url }: IncomingMessage): boolean {
  return url?.startsWith('/health/') === true;
}
