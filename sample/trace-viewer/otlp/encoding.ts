import type { Type } from 'protobufjs';
import { message, type Message } from './fields.js';
import { MalformedPayloadError } from './malformed-payload.error.js';
import { ExportResponse, RpcStatus } from './otlp-schema.js';

/** One of OTLP/HTTP's two ways to write a message. A response is written as its request was. */
export interface Encoding {
  readonly contentType: string;
  decode(type: Type, body: Buffer): Message;
  /** An export response; a partial success where something was rejected. */
  encodeResponse(rejected: number): Buffer;
  /** A google.rpc.Status that says why a request was refused. */
  encodeRefusal(why: string): Buffer;
}

const protobufEncoding: Encoding = {
  contentType: 'application/x-protobuf',
  decode: (type, body) => type.toObject(type.decode(body), { longs: BigInt }),
  encodeResponse: (rejected) => Buffer.from(ExportResponse.encode(responseOf(rejected)).finish()),
  encodeRefusal: (why) => Buffer.from(RpcStatus.encode({ message: why }).finish()),
};

const jsonEncoding: Encoding = {
  contentType: 'application/json',
  decode: (_type, body) =>
    message(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)), 'the request'),
  encodeResponse: (rejected) => {
    const { partialSuccess } = responseOf(rejected);
    if (!partialSuccess) return Buffer.from('{}');
    // A 64-bit integer is a string in protobuf's JSON.
    return jsonOf({ partialSuccess: { ...partialSuccess, rejectedSpans: String(rejected) } });
  },
  encodeRefusal: (why) => jsonOf({ message: why }),
};

const ENCODINGS: readonly Encoding[] = [protobufEncoding, jsonEncoding];

/** The encoding that a Content-Type header names, parameters such as a charset aside. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return ENCODINGS.find((encoding) => encoding.contentType === type);
}

/** @throws {MalformedPayloadError} When the body is not what its encoding says. */
export function decodeWith(encoding: Encoding, type: Type, body: Buffer): Message {
  try {
    return encoding.decode(type, body);
  } catch (error) {
    throw new MalformedPayloadError(
      `Not a readable ${encoding.contentType} body: ${(error as Error).message}`,
    );
  }
}

interface Response {
  readonly partialSuccess?: { readonly rejectedSpans: number; readonly errorMessage: string };
}

function responseOf(rejected: number): Response {
  if (rejected === 0) return {};
  const errorMessage = 'Spans without a valid trace id and span id were left out';
  return { partialSuccess: { rejectedSpans: rejected, errorMessage } };
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
