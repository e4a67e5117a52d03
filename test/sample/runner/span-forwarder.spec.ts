import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forwardSpansTo } from '../../../sample/runner/span-forwarder.js';

const REQUEST = {
  body: Buffer.from('spans'),
  contentType: 'application/x-protobuf',
  contentEncoding: 'gzip',
};

let server: Server;
let url: string;
let status: number;
let received: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
let problems: string[];

const tell = (problem: string): void => void problems.push(problem);

beforeEach(async () => {
  [status, received, problems] = [200, [], []];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('forwardSpansTo', () => {
  it('sends a request on as it came, with the headers that the user wants', async () => {
    const forwarder = forwardSpansTo({ url, headers: { authorization: 'Bearer token' } }, tell);
    forwarder.forward(REQUEST);
    await forwarder.finish();
    expect(received).toMatchObject([
      {
        body: 'spans',
        headers: {
          authorization: 'Bearer token',
          'content-type': 'application/x-protobuf',
          'content-encoding': 'gzip',
        },
      },
    ]);
    expect(problems).toEqual([]);
  });

  it('tells once what was refused', async () => {
    status = 503;
    const forwarder = forwardSpansTo({ url, headers: {} }, tell);
    forwarder.forward(REQUEST);
    forwarder.forward(REQUEST);
    await forwarder.finish();
    expect(problems).toEqual([`2 requests with spans did not reach ${url}: it answered 503`]);
  });

  it('tells when nobody listens, or when the headers cannot be sent', async () => {
    for (const endpoint of [
      { url: 'http://127.0.0.1:1/v1/traces', headers: {} },
      { url, headers: { 'not a name': 'x' } },
    ]) {
      const forwarder = forwardSpansTo(endpoint, tell);
      forwarder.forward(REQUEST);
      await forwarder.finish();
      expect(problems.pop()).toContain(`1 requests with spans did not reach ${endpoint.url}: `);
    }
  });

  it('drops what an endpoint that is too slow cannot take', async () => {
    const forwarder = forwardSpansTo({ url, headers: {} }, tell);
    for (let sent = 0; sent < 150; sent++) forwarder.forward(REQUEST);
    await forwarder.finish();
    expect(received).toHaveLength(100);
    expect(problems).toEqual([`50 requests with spans did not reach ${url}: it is too slow`]);
  });
});
