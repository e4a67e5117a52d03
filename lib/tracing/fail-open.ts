import { type Context, context, diag } from '@opentelemetry/api';

const reported = new Set<string>();

/**
 * Runs a piece of tracing so that whatever it throws stays in tracing: it is reported once through OpenTelemetry's
 * `diag` logger, and the result is `undefined`.
 *
 * @param purpose what the piece does, as in "start the send span"; the report is made once for each
 * @internal
 */
export function attempt<T>(purpose: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    report(purpose, error);
    return undefined;
  }
}

/**
 * Runs `work` with a context active. Where the context manager itself fails, `work` runs all the same, once, and its own
 * result or exception is the outcome.
 *
 * @internal
 */
export function within<T>(active: Context, work: () => T): T {
  let outcome: 'none' | 'returned' | 'thrown' = 'none';
  let result: unknown;
  try {
    context.with(active, () => {
      try {
        result = work();
        outcome = 'returned';
      } catch (thrown) {
        result = thrown;
        outcome = 'thrown';
      }
    });
  } catch (error) {
    report('activate a context', error);
  }
  const ended = outcome as 'none' | 'returned' | 'thrown'; // The compiler does not see the assignments.
  if (ended === 'none') {
    return work();
  }
  if (ended === 'thrown') {
    throw result;
  }
  return result as T;
}

/**
 * The same for work that may be awaited: a thenable that only starts when it is, such as the query of an ORM, is started
 * with the context active, too.
 *
 * @internal
 */
export function startWithin<T>(active: Context, work: () => T): T {
  return within(active, () => {
    const result = work();
    return isThenable(result) ? (Promise.resolve(result) as T) : result; // A promise stays the one it is.
  });
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}

/** @internal */
export function activeContext(): Context | undefined {
  try {
    return context.active();
  } catch (error) {
    report('read the active context', error);
    return undefined;
  }
}

/**
 * Reports what went wrong in tracing, once for each purpose.
 *
 * @internal
 */
export function report(purpose: string, error: unknown): void {
  if (reported.has(purpose)) {
    return;
  }
  reported.add(purpose);
  try {
    diag.error(`nestjs-kafka-tracing failed to ${purpose}; messages go their way without it.`, error);
  } catch {
    // A logger that throws cannot be told about.
  }
}
