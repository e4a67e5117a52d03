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
  hook: (span: Span, message: T) => unknown,
  { span, isRecording }: TracedSpan,
  message: T,
): void {
  if (span !== undefined && isRecording) {
    ask(`call ${name}`, () => hook(span, message));
  }
}

/**
 * Calls a function of the user's, as `attempt` does. A promise, which its type refuses, must not end the process when it is
 * rejected.
 *
 * @internal
 */
export function ask(purpose: string, work: () => unknown): unknown {
  return attempt(purpose, () => {
    const answer = work();
    if (isThenable(answer)) {
      Promise.resolve(answer).catch((error: unknown) => report(purpose, error));
    }
    return answer;
  });
}

/**
 * Refuses a promise where a function of the user's has to answer at once, as its type says. When the promise is rejected, that
 * must not end the process.
 *
 * @param expected as in "`match` to return a boolean"
 * @throws {TypeError} for a promise
 * @internal
 */
export function refusePromise(answer: unknown, expected: string): void {
  if (isThenable(answer)) {
    Promise.resolve(answer).catch(() => {}); // The refusal is what is reported.
    throw new TypeError(`Expected ${expected}, got a promise.`);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
