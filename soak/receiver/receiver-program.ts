import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { enumeration, message, messages, text } from '../../sample/trace-viewer/otlp/fields.js';
import type { Message } from '../../sample/trace-viewer/otlp/fields.js';
import { receiveExport } from '../../sample/trace-viewer/receiver/receive-export.js';
import { SpanCounter } from '../telemetry/span-key.js';
import { CountedRequest } from './counted-request.js';

// A process of its own, so that what it decodes is on nobody else's heap. It counts spans, and keeps none.
const MOST_BYTES = 64 * 1024 * 1024;
/** In the order of OTLP's numbers. */
const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const ERROR_STATUS = 2;

const counter = new SpanCounter();

const server = createServer((request, response) => {
  receiveExport(request, response, {
    type: CountedRequest,
    maxBodyBytes: MOST_BYTES,
    accept: (decoded) => {
      spansOf(decoded).forEach(count);
      return 0;
    },
  }).catch((error: unknown) => response.destroy(error as Error));
});
// A connection that is closed here while a request is on its way there would have the exporter send it again.
server.keepAliveTimeout = 0;

function spansOf(decoded: Message): readonly Message[] {
  return messages(decoded['resourceSpans'], 'resourceSpans')
    .flatMap((ofResource) => messages(ofResource['scopeSpans'], 'scopeSpans'))
    .flatMap((ofScope) => messages(ofScope['spans'], 'spans'));
}

function count(span: Message): void {
  const kind = KINDS[enumeration(span['kind'], 'kind')] ?? 'UNSPECIFIED';
  const { code } = message(span['status'], 'status');
  counter.add(kind, text(span['name'], 'name'), enumeration(code, 'status.code') === ERROR_STATUS);
}

// Whoever started it asks for the counts, and ends it by hanging up; Ctrl+C in a terminal is meant for that one first.
process.on('SIGINT', () => {});
process.on('message', () => process.send?.({ counts: counter.counts }));
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
