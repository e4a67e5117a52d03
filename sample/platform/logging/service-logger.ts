import { Logger as NestPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import { httpLog } from './http-log.js';

/** Nest's own account of how it wires an application, and of start-up errors, which `startService` reports. */
const SILENT_CONTEXTS: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
  'ExceptionHandler',
]);

/** What Nest logs, into the log of the service, without the lines that say the same at every start. */
export class ServiceLogger extends NestPinoLogger {
  constructor(log: Logger) {
    super(new PinoLogger({ pinoHttp: httpLog(log) }), {});
  }

  override log(message: unknown, ...rest: [...unknown[]]): void {
    if (!SILENT_CONTEXTS.has(rest.at(-1))) super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: [...unknown[]]): void {
    if (!SILENT_CONTEXTS.has(rest.at(-1))) super.error(message, ...rest);
  }
}
