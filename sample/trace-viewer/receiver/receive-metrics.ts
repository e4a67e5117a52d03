import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LagStore } from '../model/lag-store.js';
import { lagOfRequest } from '../otlp/lag-of-request.js';
import { MetricsRequest } from '../otlp/otlp-schema.js';
import { receiveExport } from './receive-export.js';

export interface ReceiveMetricsOptions {
  readonly lag: LagStore;
  readonly maxBodyBytes: number;
}

/** Answers `POST /v1/metrics`. Of all metrics the lag of consumers is kept; nobody looks at the others here. */
export function receiveMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  { lag, maxBodyBytes }: ReceiveMetricsOptions,
): Promise<void> {
  return receiveExport(request, response, {
    type: MetricsRequest,
    maxBodyBytes,
    accept: (message) => {
      lag.add(lagOfRequest(message));
      return 0;
    },
  });
}
