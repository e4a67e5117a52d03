import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { withFileLock } from '../../lib/testing/file-lock.js';
import { temporaryFolder } from './processes-and-folders.js';

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
