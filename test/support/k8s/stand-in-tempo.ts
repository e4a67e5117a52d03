import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const TRACE = /^\/api\/v2\/traces\/[\da-f]{32}$/;

/** There is no Tempo that can be installed here: this answers as its documentation says, and keeps what it was asked. */
export class StandInTempo {
  readonly asked: URL[] = [];
  answers: Readonly<Record<string, unknown>> = { '/api/search': { traces: [] } };

  readonly #server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://tempo.example');
    this.asked.push(url);
    // Since 2.7 a trace that it does not have is one without spans.
    const none = TRACE.test(url.pathname) ? { trace: {} } : undefined;
    const answer = request.method === 'GET' ? (this.answers[url.pathname] ?? none) : undefined;
    response.statusCode = answer ? 200 : 404;
    response.end(answer ? JSON.stringify(answer) : `There is no ${url.pathname}`);
  });

  static async start(): Promise<StandInTempo> {
    const tempo = new StandInTempo();
    await new Promise<void>((resolve) => tempo.#server.listen(0, '127.0.0.1', resolve));
    return tempo;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A trace of one service, as Tempo writes OTLP in JSON. */
export function traceOf(service: string, ...spans: readonly object[]): object {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  return { trace: { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'any' }, spans }] }] } };
}

/** An id, as it writes those of traces and spans. */
export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
