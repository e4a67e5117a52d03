import { Logger } from '@nestjs/common';
import { LOG_LEVELS, serviceLog } from './service-log.js';
import { ServiceLogger } from './service-logger.js';

/** Sends whatever is logged in this process to the log of the service. Call it before anything can have something to say. */
export function useServiceLog(service: string): void {
  Logger.overrideLogger(new ServiceLogger(serviceLog(service, levelFromEnvironment())));
}

/** The environment has not been validated yet, and what is wrong with it has to be logged. */
function levelFromEnvironment(): string {
  return LOG_LEVELS.find((level) => level === process.env['LOG_LEVEL']) ?? 'info';
}
