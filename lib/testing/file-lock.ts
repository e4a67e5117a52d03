import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './programs.js';

/** The holder touches its lock this often; one untouched for {@link STALE_MS} has no holder any more. */
const TOUCH_MS = 2_000;
const STALE_MS = 30_000;
const LOOK_AGAIN_MS = 200;

interface Holder {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

/**
 * Runs work while no other process runs it, across processes: whoever creates the file may go on.
 *
 * A lock whose holder crashed is taken over: its process is gone from this host, or it was not touched for 30 seconds
 * (a holder on another host or in another container, or a file without content). In the worst case, a holder that
 * was suspended for longer, two processes work at once: the work must end well then too.
 *
 * @internal
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, onWait: () => void): Promise<T> {
  const me: Holder = { id: randomUUID(), host: hostname(), pid: process.pid };
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = false; !tryLock(path, me); waited = true) {
    if (!waited) onWait();
    if (isStale(path)) rmSync(path, { force: true });
    else await pause(LOOK_AGAIN_MS);
  }
  const touch = setInterval(() => touchMine(path, me), TOUCH_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if (holder(path)?.id === me.id) rmSync(path, { force: true });
  }
}

function tryLock(path: string, me: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(me), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(path: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return true;
  } catch {
    return false; // given back meanwhile
  }
  const current = holder(path);
  return current?.host === hostname() && !isAlive(current.pid);
}

function touchMine(path: string, me: Holder): void {
  if (holder(path)?.id !== me.id) return;
  const now = new Date();
  utimesSync(path, now, now);
}

function holder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined; // gone, or its creator has not written yet
  }
}
