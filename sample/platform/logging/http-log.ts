import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LevelWithSilent, Logger } from 'pino';
import type { Options } from 'pino-http';
import { isHealthCheck } from '../health/is-health-check.js';

interface LoggedRequest {
  readonly id: unknown;
  readonly method: string;
  readonly url: string;
}

/**
 * A line for each HTTP request: what was asked and what became of it, but neither headers nor bodies. nestjs-pino makes one
 * logger of a process, with the options that it is given first: all who give it some give these.
 */
export function httpLog(logger: Logger): Options {
  return {
    logger,
    quietReqLogger: true,
    autoLogging: { ignore: isHealthCheck },
    customLogLevel: levelOf,
    serializers: {
      req: ({ id, method, url }: LoggedRequest) => ({ id, method, url }),
      res: ({ statusCode }: { readonly statusCode: number }) => ({ statusCode }),
    },
  };
}

function levelOf(_request: IncomingMessage, { statusCode }: ServerResponse, error?: Error): LevelWithSilent {
  return error || statusCode >= 500 ? 'error' : 'info';
}
