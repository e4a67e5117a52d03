import { mkdir, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../lifecycle/startup.error.js';

const heldByThisProcess = new Set<string>();

/**
 * Reserves `folder` for this process. The embedded Postgres does not notice a second process on its files, and rows
 * of one of the two would vanish without an error.
 *
 * @returns what gives the folder back.
 * @throws StartupError when another live process, or this one, holds it.
 */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const lock = join(folder, 'service.lock');
  if (heldByThisProcess.has(lock)) throw lockedBy(process.pid, folder);
  heldByThisProcess.add(lock);
  try {
    while (!(await takeLock(lock))) await removeStaleLock(lock, folder);
  } catch (error) {
    heldByThisProcess.delete(lock);
    throw error;
  }
  return async () => {
    await rm(lock, { force: true });
    heldByThisProcess.delete(lock);
  };
}

/** A link appears at once and with its content: nobody ever reads a lock that does not name its owner yet. */
async function takeLock(lock: string): Promise<boolean> {
  const claim = `${lock}.${process.pid}`;
  await writeFile(claim, String(process.pid));
  try {
    await link(claim, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(claim, { force: true });
  }
}

async function removeStaleLock(lock: string, folder: string): Promise<void> {
  const owner = await ownerOf(lock);
  if (owner === undefined) return;
  if (isAlive(owner)) throw lockedBy(owner, folder);
  const grave = `${lock}.stale.${process.pid}`;
  await rename(lock, grave).catch(ignoreMissing);
  // Two processes may find the same stale lock: the slower one has just moved the lock of the faster one.
  const moved = await ownerOf(grave);
  if (moved !== undefined && moved !== owner) await link(grave, lock).catch(() => undefined);
  await rm(grave, { force: true });
}

async function ownerOf(lock: string): Promise<number | undefined> {
  const content = await readFile(lock, 'utf8').catch(ignoreMissing);
  return content === undefined ? undefined : Number.parseInt(content, 10);
}

function isAlive(pid: number): boolean {
  // Containers start at the same pid again and again: this process has not locked anything yet, so it was another one.
  if (pid === process.pid || !Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function lockedBy(pid: number, folder: string): StartupError {
  return new StartupError(
    `The data folder ${folder} is in use by process ${pid}. Stop that process, or set DATA_DIR to another folder.`,
  );
}
