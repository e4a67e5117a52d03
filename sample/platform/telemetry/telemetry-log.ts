import { Logger } from '@nestjs/common';
import { diag, type DiagLogFunction, DiagLogLevel } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { reasonOf } from '../lifecycle/error-reason.js';

const REPEAT_AFTER_MS = 60_000;
const silent: DiagLogFunction = () => undefined;

/**
 * Shows what OpenTelemetry has to complain about as single lines of the service's log, each at most once a minute:
 * a collector that is down would otherwise fill it. `OTEL_LOG_LEVEL` brings back the SDK's own, detailed log.
 */
export function logTelemetryProblems(): void {
  if (process.env['OTEL_LOG_LEVEL']) return;
  const warn = onceAMinute((message) => new Logger('Telemetry').warn(message));
  const write: DiagLogFunction = (message, ...details) =>
    warn([message, ...details.filter((detail) => typeof detail === 'string')].join(' '));
  diag.setLogger(
    { error: write, warn: write, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN },
  );
  setGlobalErrorHandler((error) => warn(`Could not export: ${reasonOf(error)}`));
}

function onceAMinute(write: (message: string) => void): (message: string) => void {
  const shown = new Map<string, number>();
  return (message) => {
    const [line = ''] = message.split('\n');
    if (performance.now() - (shown.get(line) ?? -Infinity) < REPEAT_AFTER_MS) return;
    if (shown.size > 100) shown.clear();
    shown.set(line, performance.now());
    write(line);
  };
}
