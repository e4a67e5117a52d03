import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLDER_PREFIX } from './broker-keeper.js';
import { killAndWait, runToEnd } from './programs.js';

interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Removes what brokers left whose keeper *and* parent were both killed (`killall -9 node`): nobody was there to do it.
 * Called before each start. Only what belongs to a keeper of this host that no longer runs is touched.
 *
 * @internal
 */
export async function removeLeftovers(): Promise<void> {
  const folders = readdirSync(tmpdir())
    .filter((name) => name.startsWith(FOLDER_PREFIX))
    .map((name) => join(tmpdir(), name));
  // Read before the processes are listed: a keeper that starts in between has no folder in this list.
  const kept = folders.map((folder) => ({ folder, keeper: keeperOf(folder) }));
  const running = kept.length > 0 ? await runningProcesses() : undefined;
  if (running === undefined) return;

  for (const { folder, keeper } of kept) {
    if (keeper === undefined || running.some(({ pid, command }) => pid === keeper && isKeeper(command)))
      continue;
    const brokers = running.filter(
      ({ command }) => command.includes(`${folder}/`) && command.includes('kafka.'),
    );
    for (const { pid } of brokers) await killAndWait(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Undefined for a folder that is just being made or removed, or that belongs to another host or container. */
function keeperOf(folder: string): number | undefined {
  try {
    const keeper = JSON.parse(readFileSync(join(folder, 'keeper.json'), 'utf8')) as {
      host: string;
      pid: number;
    };
    return keeper.host === hostname() ? keeper.pid : undefined;
  } catch {
    return undefined;
  }
}

/** The number alone says nothing: the system gives it to other processes. */
function isKeeper(command: string): boolean {
  return command.includes(FOLDER_PREFIX);
}

/**
 * Without those that have ended and that nobody reaps, as in containers whose first process does not. Undefined where
 * there is no `ps`.
 */
async function runningProcesses(): Promise<readonly RunningProcess[] | undefined> {
  const { succeeded, output } = await runToEnd('ps', ['-axww', '-o', 'pid=,stat=,command='], 10_000);
  if (!succeeded) return undefined;
  return output
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([^Z\s]\S*)\s+(.*)$/.exec(line))
    .filter((parts) => parts !== null)
    .map(([, pid, , command]) => ({ pid: Number(pid), command: command! }));
}
