import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Type } from 'protobufjs';
import { decompress, readBody } from '../http/read-body.js';
import { RefusalError } from '../http/refusal.error.js';
import { decodeWith, type Encoding, encodingOf } from '../otlp/encoding.js';
import type { Message } from '../otlp/fields.js';
import { MalformedPayloadError } from '../otlp/malformed-payload.error.js';

/** A request's body as it came, and the headers that say how to read it. */
export interface AcceptedRequest {
  readonly body: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
}

export interface ExportOptions {
  readonly type: Type;
  readonly maxBodyBytes: number;
  /** Keeps what it can of a request, and returns how much it had to reject. */
  readonly accept: (message: Message, request: AcceptedRequest) => number;
}

/** Answers one of OTLP/HTTP's export requests. @see https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function receiveExport(
  request: IncomingMessage,
  response: ServerResponse,
  { type, maxBodyBytes, accept }: ExportOptions,
): Promise<void> {
  const contentType = request.headers['content-type'] ?? '';
  const encoding = encodingOf(contentType);
  if (!encoding) {
    throw new RefusalError(415, 'Expected a Content-Type of application/x-protobuf or application/json');
  }
  try {
    const contentEncoding = request.headers['content-encoding'];
    const body = await readBody(request, maxBodyBytes);
    const message = decodeWith(encoding, type, await decompress(body, contentEncoding, maxBodyBytes));
    const rejected = accept(message, { body, contentType, contentEncoding });
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
