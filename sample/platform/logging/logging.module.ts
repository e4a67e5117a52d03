import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { LevelWithSilent } from 'pino';
import { isHealthCheck } from '../health/is-health-check.js';
import { serviceLog } from './service-log.js';

interface LoggedRequest {
  readonly id: unknown;
  readonly method: string;
  readonly url: string;
}

/** A line for each HTTP request: what was asked and what became of it, but neither headers nor bodies. */
@Module({})
export class LoggingModule {
  static forRoot(service: string, level: LevelWithSilent): DynamicModule {
    const logging = LoggerModule.forRoot({
      pinoHttp: {
        logger: serviceLog(service, level),
        quietReqLogger: true,
        autoLogging: { ignore: isHealthCheck },
        customLogLevel: levelOf,
        serializers: {
          req: ({ id, method, url }: LoggedRequest) => ({ id, method, url }),
          res: ({ statusCode }: { readonly statusCode: number }) => ({ statusCode }),
        },
      },
    });
    return { module: LoggingModule, imports: [logging] };
  }
}

function levelOf(_request: IncomingMessage, { statusCode }: ServerResponse, error?: Error): LevelWithSilent {
  return error || statusCode >= 500 ? 'error' : 'info';
}
