import { constants } from 'node:os';
import { progress } from './progress.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with an exit code when this process is asked to end, or when there is an error that nobody caught. */
export function reasonToLeave(): Promise<number> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        const exitCode = 128 + constants.signals[signal];
        // Who asks twice does not want to wait. The services then end with their channel, and Kafka with its keeper.
        if (asked) process.exit(exitCode);
        asked = true;
        progress('stopping');
        resolve(exitCode);
      });
    }
    // A reader may stop reading, as `head` does, and a terminal may be closed.
    process.stdout.on('error', () => resolve(1));
    process.stderr.on('error', () => resolve(1));
    const crash = (error: unknown): void => {
      console.error(error);
      resolve(1);
    };
    process.on('uncaughtException', crash).on('unhandledRejection', crash);
  });
}
