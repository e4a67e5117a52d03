import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withFileLock } from './file-lock.js';
import { downloadKafka, findMaven, KAFKA_VERSION, SCALA_VERSION } from './maven.js';
import { isAlive } from './programs.js';

const RELEASE = `kafka_${SCALA_VERSION}-${KAFKA_VERSION}`;
const PART = `${RELEASE}.part-`;
const CONTENTS = 'contents.json';

/** @internal */
export interface KafkaJarsOptions {
  readonly cacheFolder?: string | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
}

/**
 * The folder with Apache Kafka's jars: from the cache where it is complete, with no look at Maven, else downloaded.
 *
 * The download goes to a folder of its own and is renamed when it is complete, so that no process ever sees half a
 * cache, and under a lock, so that Maven runs once. Even without the lock the first rename would win.
 *
 * @internal
 */
export async function kafkaJars({ cacheFolder, onProgress }: KafkaJarsOptions): Promise<string> {
  const cache = resolve(cacheFolder ?? (process.env.EMBEDDED_KAFKA_CACHE || '.kafka'));
  const release = join(cache, RELEASE);
  if (!isComplete(release)) {
    const maven = findMaven();
    const lock = `${release}.lock`;
    await withFileLock(
      lock,
      async () => {
        if (isComplete(release)) return;
        onProgress?.(`downloading Apache Kafka ${KAFKA_VERSION} (44 MB) to ${release}`);
        await download(maven, cache, release);
      },
      () => onProgress?.(`waiting for another process to download Apache Kafka (its lock: ${lock})`),
    );
  }
  return join(release, 'libs');
}

async function download(maven: string, cache: string, release: string): Promise<void> {
  removeLeftovers(cache);
  const folder = mkdtempSync(join(cache, `${PART}${process.pid}-`));
  try {
    await downloadKafka(maven, folder);
    writeFileSync(join(folder, CONTENTS), JSON.stringify(sizes(folder)));
    if (isComplete(release)) return;
    rmSync(release, { recursive: true, force: true });
    renameSync(folder, release);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether every jar that was downloaded is there in its full size: caches get restored half, and tidied up. */
function isComplete(release: string): boolean {
  try {
    const expected = readFileSync(join(release, CONTENTS), 'utf8');
    return expected === JSON.stringify(sizes(release));
  } catch {
    return false;
  }
}

function sizes(folder: string): Readonly<Record<string, number>> {
  const libs = join(folder, 'libs');
  return Object.fromEntries(
    readdirSync(libs)
      .sort()
      .map((jar) => [jar, statSync(join(libs, jar)).size]),
  );
}

/** What processes left that were killed while they downloaded; the lock may have been taken over from a living one. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(PART))) {
    const pid = Number.parseInt(name.slice(PART.length), 10);
    if (!isAlive(pid)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}
