import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLDER_PREFIX } from './broker-keeper.js';
import { isAlive, killAndWait, runToEnd } from './programs.js';

/**
 * Removes what brokers left whose keeper *and* parent were both killed (`killall -9 node`): nobody was there to do it.
 * Called before each start. Only what belongs to a keeper of this host that no longer runs is touched.
 *
 * @internal
 */
export async function removeLeftovers(): Promise<void> {
  const folders = readdirSync(tmpdir())
    .filter((name) => name.startsWith(FOLDER_PREFIX))
    .map((name) => join(tmpdir(), name))
    .filter(hasLostItsKeeper);
  for (const folder of folders) {
    for (const pid of await processesThatName(folder)) await killAndWait(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function hasLostItsKeeper(folder: string): boolean {
  try {
    const keeper = JSON.parse(readFileSync(join(folder, 'keeper.json'), 'utf8')) as {
      host: string;
      pid: number;
    };
    return keeper.host === hostname() && !isAlive(keeper.pid);
  } catch {
    return false; // just being made or removed, or not one of ours
  }
}

/** The broker: its command line names the folder, for the logging configuration. */
async function processesThatName(folder: string): Promise<number[]> {
  const { output } = await runToEnd('ps', ['-axww', '-o', 'pid=,command='], 10_000);
  return output
    .split('\n')
    .filter((line) => line.includes(`${folder}/`) && line.includes('kafka.'))
    .map((line) => Number.parseInt(line, 10));
}
