import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** @internal What a program that ran to its end left behind. */
export interface Outcome {
  readonly succeeded: boolean;
  /** Standard output and error together. */
  readonly output: string;
}

/** @internal The absolute path of a program, as a shell would find it. */
export function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => resolve(folder, name)).find(isExecutable);
}

/** @internal The absolute path of a program below `$JAVA_HOME`. */
export function findInJavaHome(name: string): string | undefined {
  const home = process.env.JAVA_HOME;
  const path = home ? join(resolve(home), 'bin', name) : '';
  return isExecutable(path) ? path : undefined;
}

/** @internal Runs a program to its end; a failure is an outcome, not a rejection. */
export function runToEnd(file: string, args: readonly string[], timeoutMs: number): Promise<Outcome> {
  const options = { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((done) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      done({ succeeded: error === null, output: output || (error?.message ?? '') });
    });
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @internal */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Kills a process that is not our child, and waits until it is gone. Not for ever: in a container whose first process
 * does not reap orphans it stays, dead, in the list of processes.
 *
 * @internal
 */
export async function killAndWait(pid: number, patienceMs = 2_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // already gone
  }
  while (isAlive(pid) && Date.now() < deadline) await pause(20);
}
