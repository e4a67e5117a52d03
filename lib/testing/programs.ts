import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

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
