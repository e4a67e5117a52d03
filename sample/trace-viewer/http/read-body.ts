import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { RefusalError } from './refusal.error.js';

const unzip = promisify(gunzip);

/** Reads a request's body as it came, and no more than `maxBytes` of it. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  // Without the iterator's own destroy the refusal can still be answered on this connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Undoes the Content-Encoding, to `maxBytes` at most: a few kilobytes can hold gigabytes. */
export async function decompress(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  switch (encoding?.trim().toLowerCase() ?? 'identity') {
    case 'identity':
      return body;
    case 'gzip':
      return unzip(body, { maxOutputLength: maxBytes }).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ERR_BUFFER_TOO_LARGE'
          ? tooLarge(maxBytes)
          : new RefusalError(400, 'The body is not gzip, as its Content-Encoding says');
      });
    default:
      throw new RefusalError(415, `Expected a Content-Encoding of gzip or none, got ${encoding}`);
  }
}

function tooLarge(maxBytes: number): RefusalError {
  return new RefusalError(413, `Expected a body of ${maxBytes} bytes at most`);
}
