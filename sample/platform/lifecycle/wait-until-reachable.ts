import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { reasonOf } from './error-reason.js';
import { StartupError } from './startup.error.js';

const PAUSE_MS = 1000;

/**
 * Repeats `attempt` until it succeeds, so that services and what they depend on may start in any order.
 *
 * @throws StartupError when it still fails after `timeoutSeconds`.
 */
export async function waitUntilReachable(
  what: string,
  timeoutSeconds: number,
  attempt: () => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (let announced = false; ; announced = true) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() + PAUSE_MS > deadline) {
        throw new StartupError(`${what} is not reachable: ${reasonOf(error)}`, { cause: error });
      }
      if (!announced) {
        new Logger('Startup').warn(
          `${what} is not reachable yet (${reasonOf(error)}), trying for up to ${timeoutSeconds} s`,
        );
      }
    }
    await delay(PAUSE_MS);
  }
}
