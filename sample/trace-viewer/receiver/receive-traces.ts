import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TraceStore } from '../model/trace-store.js';
import { decodeWith, type Encoding, encodingOf } from '../otlp/encoding.js';
import { MalformedPayloadError } from '../otlp/malformed-payload.error.js';
import { spansOfRequest } from '../otlp/spans-of-request.js';
import { decompress, readBody } from './read-body.js';
import { RefusalError } from './refusal.error.js';

/** A request's body as it came, and the headers that say how to read it. */
export interface AcceptedRequest {
  readonly body: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
}

export interface ReceiveOptions {
  readonly store: TraceStore;
  readonly maxBodyBytes: number;
  /** Told of every request that was understood. */
  readonly onAccepted: (request: AcceptedRequest) => void;
}

/** Answers `POST /v1/traces`, as OTLP/HTTP says. */
export async function receiveTraces(
  request: IncomingMessage,
  response: ServerResponse,
  options: ReceiveOptions,
): Promise<void> {
  const contentType = request.headers['content-type'] ?? '';
  const encoding = encodingOf(contentType);
  if (!encoding) {
    throw new RefusalError(415, 'Expected a Content-Type of application/x-protobuf or application/json');
  }
  try {
    const contentEncoding = request.headers['content-encoding'];
    const body = await readBody(request, options.maxBodyBytes);
    const plain = await decompress(body, contentEncoding, options.maxBodyBytes);
    const { spans, rejected } = spansOfRequest(decodeWith(encoding, plain));
    options.store.add(spans);
    options.onAccepted({ body, contentType, contentEncoding });
    answer(response, 200, encoding, encoding.encodeResponse(rejected));
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    answer(response, status, encoding, encoding.encodeRefusal((error as Error).message));
    request.resume();
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof RefusalError) return error.status;
  return error instanceof MalformedPayloadError ? 400 : undefined;
}

function answer(response: ServerResponse, status: number, encoding: Encoding, body: Buffer): void {
  response
    .writeHead(status, { 'content-type': encoding.contentType, 'content-length': body.length })
    .end(body);
}
