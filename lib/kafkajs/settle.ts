import { report } from '../tracing/fail-open.js';

/**
 * What has to be told how a call of the driver ended.
 *
 * @internal
 */
export interface Outcome<T> {
  /** Whether it wants to know. */
  readonly isWatched: boolean;
  succeeded(result: T): void;
  failed(error: unknown): void;
}

function isWatched(outcome: Outcome<never>): boolean {
  try {
    return outcome.isWatched;
  } catch (error) {
    report('watch a call', error);
    return false;
  }
}

/**
 * Calls the driver at once, and tells how that ended. Where nobody wants to know, what it returns is returned as it is.
 *
 * @internal
 */
export function settle<T>(outcome: Outcome<T>, call: () => Promise<T>): Promise<T> {
  if (!isWatched(outcome)) {
    return call();
  }
  let called: Promise<T>;
  try {
    called = call();
  } catch (error) {
    tellFailed(outcome, error);
    throw error;
  }
  // What somebody else has wrapped, and a handler that is no async function, may return anything.
  return Promise.resolve(called).then(
    (result) => {
      tellSucceeded(outcome, result);
      return result;
    },
    (error: unknown) => {
      tellFailed(outcome, error);
      throw error;
    },
  );
}

function tellSucceeded<T>(outcome: Outcome<T>, result: T): void {
  try {
    outcome.succeeded(result);
  } catch (error) {
    report('tell that a call succeeded', error);
  }
}

function tellFailed<T>(outcome: Outcome<T>, failure: unknown): void {
  try {
    outcome.failed(failure);
  } catch (error) {
    report('tell that a call failed', error);
  }
}
