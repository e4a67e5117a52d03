import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { type Logger, pino, stdTimeFunctions } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The log of a service: lines of JSON on stdout, each with the ids of the span in which it was written. */
export function serviceLog(service: string, level: string): Logger {
  const options = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: idsOfActiveSpan,
  };
  // To a pipe and to a file, Node writes at once: nothing is lost when the process exits.
  return pino(options, process.stdout);
}

/** As the conventions name them. @see https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ */
function idsOfActiveSpan(): object {
  const active = trace.getSpanContext(context.active());
  if (!active || !isSpanContextValid(active)) return {};
  const { traceId, spanId, traceFlags } = active;
  return { trace_id: traceId, span_id: spanId, trace_flags: traceFlags.toString(16).padStart(2, '0') };
}
