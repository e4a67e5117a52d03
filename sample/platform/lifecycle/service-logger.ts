import { isatty } from 'node:tty';
import { ConsoleLogger } from '@nestjs/common';

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

/** Nest's logger, without the lines that say the same at every start. */
export class ServiceLogger extends ConsoleLogger {
  constructor(service: string) {
    super({ prefix: service, colors: isatty(process.stdout.fd) && !process.env['NO_COLOR'] });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!SILENT_CONTEXTS.has(rest.at(-1))) super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!SILENT_CONTEXTS.has(rest.at(-1))) super.error(message, ...rest);
  }
}
