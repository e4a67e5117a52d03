import type { Span } from '@opentelemetry/api';
import { attempt, report } from './fail-open.js';
import type { TracedSpan } from './traced-span.js';

/**
 * Calls a hook of the user's for a span that is recorded. What it throws, or rejects with, stays in tracing.
 *
 * @internal
 */
export function callHook<T>(
  name: string,
  hook: ((span: Span, message: T) => unknown) | undefined,
  { span, isRecording }: TracedSpan,
  message: T,
): void {
  if (hook === undefined || span === undefined || !isRecording) {
    return;
  }
  const purpose = `call ${name}`;
  const result = attempt(purpose, () => hook(span, message));
  if (result instanceof Promise) {
    result.catch((error: unknown) => report(purpose, error)); // Its rejection must not end the process.
  }
}
