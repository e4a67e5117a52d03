import { type IncomingHttpHeaders, request, type RequestOptions } from 'node:http';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request with any headers: `fetch` lets nobody choose the Host. */
export function ask(url: string, { body, ...options }: RequestOptions & { body?: string } = {}) {
  return new Promise<PlainAnswer>((resolve, reject) => {
    request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: String(Buffer.concat(chunks)),
        }),
      );
    })
      .on('error', reject)
      .end(body);
  });
}
