import { KafkaTracingError } from '../errors/index.js';
import { report } from './fail-open.js';

/**
 * Runs a piece of tracing while an application starts: what it refuses goes on to the user, whatever else it throws stays in
 * tracing, as with `attempt`.
 *
 * @throws {KafkaTracingError} what the work refuses
 * @internal
 */
export function attemptUnlessRefused<T>(purpose: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof KafkaTracingError) {
      throw error;
    }
    report(purpose, error);
    return undefined;
  }
}
