import type { AcceptedRequest } from '../trace-viewer/index.js';
import type { UserEndpoint } from './user-endpoint.js';

const TIMEOUT_MS = 5000;
/** An endpoint that does not answer must not fill memory. */
const MAX_WAITING = 100;

export interface SpanForwarder {
  /** Returns at once and never throws. */
  forward(request: AcceptedRequest): void;
  /** Waits for what is under way, then tells, once, if something was lost. */
  finish(): Promise<void>;
}

/** Sends requests on, byte for byte as they came. */
export function forwardSpansTo(
  { url, headers }: UserEndpoint,
  tell: (problem: string) => void,
): SpanForwarder {
  const waiting = new Set<Promise<void>>();
  let lost = 0;
  let reason = '';

  const send = async ({ body, contentType, contentEncoding }: AcceptedRequest): Promise<void> => {
    const encoding = contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding };
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': contentType, ...encoding },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    } catch (error) {
      lost += 1;
      reason = reasonOf(error);
    }
  };

  return {
    forward(request) {
      if (waiting.size >= MAX_WAITING) {
        lost += 1;
        reason = 'it is too slow';
        return;
      }
      const sending = send(request).finally(() => waiting.delete(sending));
      waiting.add(sending);
    },
    async finish() {
      await Promise.all(waiting);
      if (lost > 0) tell(`${lost} requests with spans did not reach ${url}: ${reason}`);
    },
  };
}

/** `fetch` says why in the error's cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}
