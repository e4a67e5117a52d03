import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { takeAway, withFileLock } from '../../lib/testing/file-lock.js';
import { temporaryFolder } from './processes-and-folders.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('lets one in at a time', async () => {
  const lock = join(temporaryFolder(), 'lock');
  let inside = 0;
  const work = async (): Promise<void> => {
    expect(++inside).toBe(1);
    await new Promise((done) => setImmediate(done));
    inside--;
  };
  const onWait = vi.fn<() => void>();
  await Promise.all([1, 2, 3].map(() => withFileLock(lock, work, onWait)));
  expect(onWait).toHaveBeenCalledTimes(2);
  expect(existsSync(lock)).toBe(false);
});

it('is given back when the work fails', async () => {
  const folder = temporaryFolder();
  const failing = withFileLock(
    join(folder, 'lock'),
    () => Promise.reject(new Error('no')),
    vi.fn<() => void>(),
  );
  await expect(failing).rejects.toThrow('no');
  expect(readdirSync(folder)).toEqual([]);
});

it.each([
  ['of another host', JSON.stringify({ id: 'x', host: 'elsewhere', pid: 1 })],
  ['without content', ''],
])('takes over a lock %s that was not touched for long', async (_kind, content) => {
  const lock = join(temporaryFolder(), 'lock');
  writeFileSync(lock, content);
  const longAgo = new Date(Date.now() - 31_000);
  utimesSync(lock, longAgo, longAgo);
  expect(await withFileLock(lock, async () => 'done', vi.fn<() => void>())).toBe('done');
});

it('waits for a lock of another host that is touched', async () => {
  const lock = join(temporaryFolder(), 'lock');
  writeFileSync(lock, JSON.stringify({ id: 'x', host: 'elsewhere', pid: 1 }));
  const order: string[] = [];
  await withFileLock(
    lock,
    async () => void order.push('work'),
    () => {
      order.push('wait');
      setImmediate(() => {
        order.push('given back');
        rmSync(lock);
      });
    },
  );
  expect(order).toEqual(['wait', 'given back', 'work']);
});

it('does not take away the lock of whoever took it over', async () => {
  const lock = join(temporaryFolder(), 'lock');
  await withFileLock(
    lock,
    async () => writeFileSync(lock, JSON.stringify({ id: 'somebody else' })),
    vi.fn<() => void>(),
  );
  expect(existsSync(lock)).toBe(true);
});

it('lets one in at a time also when two processes find the same stale lock', async () => {
  const folder = temporaryFolder();
  const [lock, marker] = [join(folder, 'lock'), join(folder, 'marker')];
  const stale = JSON.stringify({ id: 'x', host: hostname(), pid: 2 ** 22 + 1 });
  writeFileSync(lock, stale);
  // Whoever is inside leaves the lock as a crash would, for the others to find.
  const program = `import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
    import { withFileLock } from ${JSON.stringify(join(root, 'dist/esm/testing/file-lock.js'))};
    const [lock, marker, stale] = process.argv.slice(1);
    for (let round = 0; round < 25; round++) {
      await withFileLock(lock, async () => {
        mkdirSync(marker);
        await new Promise((done) => setTimeout(done, 5));
        rmdirSync(marker);
        writeFileSync(lock, stale);
      }, () => {});
    }`;
  const processes = [1, 2].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', program, '--', lock, marker, stale], {
      stdio: 'inherit',
    }),
  );
  const exits = await Promise.all(processes.map((running) => once(running, 'exit')));
  expect(exits.map(([code]) => code as number)).toEqual([0, 0]);
  expect(readdirSync(folder)).toEqual(['lock']);
});

it('puts back a lock that somebody else has taken over in between', () => {
  const folder = temporaryFolder();
  const lock = join(folder, 'lock');
  writeFileSync(lock, 'the new holder');
  takeAway(lock, 'the crashed holder', { id: 'me', host: hostname(), pid: process.pid });
  expect(readFileSync(lock, 'utf8')).toBe('the new holder');
  takeAway(lock, 'the new holder', { id: 'me', host: hostname(), pid: process.pid });
  expect(readdirSync(folder)).toEqual([]);
});
