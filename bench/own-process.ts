import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program of the benchmark in a process of its own, with the flags of this one.
 *
 * @param told is called with what it sends
 * @returns its exit code; 1 where a signal ended it
 */
export async function runInOwnProcess(
  program: string,
  args: readonly string[] = [],
  told: (message: unknown) => void = () => {},
): Promise<number> {
  const child = fork(new URL(program, import.meta.url), args);
  child.on('message', (message) => told(message));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== null) {
    process.stderr.write(`${program} was ended by ${signal}.\n`);
  }
  return code ?? 1;
}

/** Does the work of such a program, unless the process that started it goes. */
export async function workForParent(work: () => Promise<void>): Promise<void> {
  process.once('disconnect', leave);
  await work();
  process.off('disconnect', leave);
  process.disconnect?.();
}

/** What keeps Kafka ends it then. */
function leave(): void {
  process.exit(1);
}
