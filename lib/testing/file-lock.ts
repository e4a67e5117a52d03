import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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
    const stale = staleHolder(path);
    if (stale === undefined) await pause(LOOK_AGAIN_MS);
    else takeAway(path, stale, me);
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

/** What is written in a lock that nobody holds any more. */
function staleHolder(path: string): string | undefined {
  const content = read(path);
  if (content === undefined) return undefined; // given back meanwhile
  const current = parse(content);
  const crashed = current?.host === hostname() && !isAlive(current.pid);
  return crashed || isUntouched(path) ? content : undefined;
}

function isUntouched(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}

/**
 * Several may see the same stale lock, and the slower would delete what the faster has just created. Moved aside, it
 * can be looked at again: only one gets the stale one, and a good one is put back.
 *
 * @internal
 */
export function takeAway(path: string, stale: string, me: Holder): void {
  const aside = `${path}.${me.id}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== stale) linkSync(aside, path);
  } catch {
    // Somebody was faster.
  }
  rmSync(aside, { force: true });
}

function touchMine(path: string, me: Holder): void {
  if (holder(path)?.id !== me.id) return;
  const now = new Date();
  utimesSync(path, now, now);
}

function holder(path: string): Holder | undefined {
  const content = read(path);
  return content === undefined ? undefined : parse(content);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(content: string): Holder | undefined {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return undefined; // its creator has not written yet
  }
}
