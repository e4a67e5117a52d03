import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;

describe('the types', () => {
  it(
    'say of the public API what it takes, and what not',
    async () => {
      const { stdout } = await run('node_modules/.bin/tstyche', [], {
        env: { ...process.env, NO_COLOR: '1' },
      });
      expect(stdout).toMatch(/Test files: 3 passed, 3 total/);
    },
    TIMEOUT_MS,
  );

  // Of the built package, without `skipLibCheck`; what others declare is theirs.
  it(
    'fit a program that imports the package, and one that requires it',
    async () => {
      const args = ['--noEmit', '--pretty', 'false', '-p', 'test/package/both-ways'];
      const { stdout } = await run('node_modules/.bin/tsc', args).catch((error: { stdout: string }) => error);
      const errors = stdout.split('\n').filter((line) => /\berror TS/.test(line));
      expect(errors.filter((line) => !line.startsWith('node_modules/'))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'are found by every way to resolve a package that Node 16 and bundlers have',
    async () => {
      const args = ['--pack', '.', '--profile', 'node16', '--no-color', '--no-emoji'];
      const { stdout } = await run('node_modules/.bin/attw', args);
      expect(stdout).toContain('node16 (from ESM)');
    },
    TIMEOUT_MS,
  );
});
