import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterTest } from './tracing.js';

const ignore = (): void => {};

/** The errors that are reported to OpenTelemetry's `diag` logger until the test is over. */
export function recordReports(): readonly string[] {
  const reports: string[] = [];
  const error = (message: string): void => void reports.push(message);
  const logger = { error, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
  afterTest(() => diag.disable());
  return reports;
}
