import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TraceStore } from '../model/trace-store.js';
import { TracesRequest } from '../otlp/otlp-schema.js';
import { spansOfRequest } from '../otlp/spans-of-request.js';
import { type AcceptedRequest, receiveExport } from './receive-export.js';

export interface ReceiveTracesOptions {
  readonly store: TraceStore;
  readonly maxBodyBytes: number;
  /** Told of every request that was understood. */
  readonly onAccepted: (request: AcceptedRequest) => void;
}

/** Answers `POST /v1/traces`. */
export function receiveTraces(
  request: IncomingMessage,
  response: ServerResponse,
  { store, maxBodyBytes, onAccepted }: ReceiveTracesOptions,
): Promise<void> {
  return receiveExport(request, response, {
    type: TracesRequest,
    maxBodyBytes,
    accept: (message, accepted) => {
      const { spans, rejected } = spansOfRequest(message);
      store.add(spans);
      onAccepted(accepted);
      return rejected;
    },
  });
}
