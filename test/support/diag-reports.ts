import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterTest } from './tracing.js';

const ignore = (): void => {};

/** The errors that are reported to OpenTelemetry's `diag` logger until the test is over. */
export function recordReports(): readonly string[] {
  return record('error');
}

/** The warnings that are reported to OpenTelemetry's `diag` logger until the test is over. */
export function recordWarnings(): readonly string[] {
  return record('warn');
}

function record(level: 'error' | 'warn'): readonly string[] {
  const reports: string[] = [];
  const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
  const logger = { ...silent, [level]: (message: string) => void reports.push(message) };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  afterTest(() => diag.disable());
  return reports;
}
