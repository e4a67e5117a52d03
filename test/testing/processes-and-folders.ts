import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

// Taken before any test changes TMPDIR.
const realTmp = tmpdir();

/** A new folder, removed when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realTmp, 'testing-spec-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** Puts a shell script into a folder, under the name of the program that it stands for. */
export function script(folder: string, name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The data folders of brokers below a folder for temporary files. */
export function dataFolders(below: string): string[] {
  return readdirSync(below).filter((name) => name.startsWith('embedded-kafka-'));
}

/** The processes whose command line holds a text, without those that have ended and await their parent. */
export function processesNaming(text: string): { pid: number; command: string }[] {
  return execFileSync('ps', ['-axww', '-o', 'pid=,stat=,command='], { encoding: 'utf8', maxBuffer: 2 ** 24 })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((parts) => parts !== null)
    .map(([, pid, state, command]) => ({ pid: Number(pid), state: state!, command: command! }))
    .filter(({ state, command }) => !state.startsWith('Z') && command.includes(text));
}

export const javasNaming = (text: string): { pid: number }[] =>
  processesNaming(text).filter(({ command }) => command.includes('kafka.Kafka'));
