import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { LevelWithSilent } from 'pino';
import { httpLog } from './http-log.js';
import { serviceLog } from './service-log.js';

/** Logs HTTP requests. What Nest and the service itself log goes through `ServiceLogger`. */
@Module({})
export class LoggingModule {
  static forRoot(service: string, level: LevelWithSilent): DynamicModule {
    const logging = LoggerModule.forRoot({ pinoHttp: httpLog(serviceLog(service, level)) });
    return { module: LoggingModule, imports: [logging] };
  }
}
