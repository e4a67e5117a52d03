import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kafkaJars } from '../../lib/testing/kafka-jars.js';
import { findOnPath } from '../../lib/testing/programs.js';
import { script, temporaryFolder } from './processes-and-folders.js';

const RELEASE = 'kafka_2.13-4.4.0';
const root = fileURLToPath(new URL('../..', import.meta.url));

// Several JVMs start one after the other, perhaps on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

afterEach(() => vi.unstubAllEnvs());

/** Puts an `mvn` of our own before all others, and tells how often it was called. */
function stubMaven(body: string): () => number {
  const folder = temporaryFolder();
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  script(folder, 'mvn', `echo "$@" >> ${calls}\n${body}`);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  return () => readFileSync(calls, 'utf8').split('\n').filter(Boolean).length;
}

/** Copies one small jar to where the jars belong: what Maven does, but at once. */
const COPY_A_JAR = `for arg in "$@"; do case "$arg" in -DoutputDirectory=*) libs="\${arg#*=}";; esac; done
mkdir -p "$libs" && echo jar > "$libs/kafka.jar"`;

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('the jars of Apache Kafka', () => {
  it('are downloaded once when two processes want them, also after a crash in the middle of a download', async () => {
    const cache = temporaryFolder();
    const calls = stubMaven(`exec ${findOnPath('mvn')} "$@"`);
    writeFileSync(
      join(cache, `${RELEASE}.lock`),
      JSON.stringify({ id: 'x', host: hostname(), pid: deadPid() }),
    );
    mkdirSync(join(cache, `${RELEASE}.part-${deadPid()}-x`));

    const module = JSON.stringify(join(root, 'dist/esm/testing/kafka-jars.js'));
    const program = `import { kafkaJars } from ${module};
      await kafkaJars({ cacheFolder: process.argv[1] });`;
    const downloads = [1, 2].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', program, '--', cache], { stdio: 'inherit' }),
    );
    const exits = await Promise.all(downloads.map((download) => once(download, 'exit')));

    expect(exits).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(calls()).toBe(1);
    expect(readdirSync(cache)).toEqual([RELEASE]);
    expect(readdirSync(join(cache, RELEASE, 'libs'))).toContain(`${RELEASE}.jar`);
    expect(await kafkaJars({ cacheFolder: cache })).toBe(join(cache, RELEASE, 'libs'));
    expect(calls()).toBe(1);
  });

  it('are kept where EMBEDDED_KAFKA_CACHE says', async () => {
    const cache = temporaryFolder();
    stubMaven(COPY_A_JAR);
    vi.stubEnv('EMBEDDED_KAFKA_CACHE', cache);
    expect(await kafkaJars({})).toBe(join(cache, RELEASE, 'libs'));
  });

  it('are downloaded once when one process wants them twice, and the waiting is told', async () => {
    const cache = join(temporaryFolder(), 'new', 'folder');
    const calls = stubMaven(COPY_A_JAR);
    const said: string[] = [];
    const options = { cacheFolder: cache, onProgress: (message: string) => said.push(message) };
    await Promise.all([kafkaJars(options), kafkaJars(options)]);
    expect(calls()).toBe(1);
    expect(said.sort()).toEqual([
      `downloading Apache Kafka 4.4.0 (44 MB) to ${join(cache, RELEASE)}`,
      `waiting for another process to download Apache Kafka (its lock: ${join(cache, RELEASE)}.lock)`,
    ]);
  });

  it('are downloaded again when one was lost', async () => {
    const cache = temporaryFolder();
    const calls = stubMaven(COPY_A_JAR);
    const libs = await kafkaJars({ cacheFolder: cache });
    rmSync(join(libs, 'kafka.jar'));
    await kafkaJars({ cacheFolder: cache });
    expect(calls()).toBe(2);
    expect(readdirSync(libs)).toEqual(['kafka.jar']);
    expect(readdirSync(cache)).toEqual([RELEASE]);
  });

  it('cannot be downloaded without Maven, and the error says how to get it', async () => {
    const cache = temporaryFolder();
    vi.stubEnv('PATH', cache);
    await expect(kafkaJars({ cacheFolder: cache })).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_MAVEN_MISSING',
      message: expect.stringMatching(/apt-get install maven, macOS: brew install maven.*set KAFKA_BROKERS/),
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('that Maven cannot get leave what Maven said, and nothing else', async () => {
    const cache = temporaryFolder();
    const calls = stubMaven('echo "[ERROR] Could not transfer artifact"; exit 1');
    await expect(kafkaJars({ cacheFolder: cache })).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_DOWNLOAD_FAILED',
      message: expect.stringMatching(/It says:\n\[ERROR\] Could not transfer artifact\n.*set KAFKA_BROKERS/),
    });
    expect(calls()).toBe(1);
    expect(readdirSync(cache)).toEqual([]);
  });
});

async function startWith(java: string | undefined): Promise<void> {
  const folder = temporaryFolder();
  if (java !== undefined) script(folder, 'java', java);
  symlinkSync('/bin/sh', join(folder, 'sh'));
  vi.stubEnv('PATH', folder);
  vi.stubEnv('JAVA_HOME', undefined);
  const { EmbeddedKafka } = await import('../../lib/testing/index.js');
  await EmbeddedKafka.start();
}

describe('Java', () => {
  it('that is missing is an error that says what to install', async () => {
    await expect(startWith(undefined)).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_JAVA_MISSING',
      message: expect.stringMatching(
        /no `java` in JAVA_HOME or PATH\. Install a Java runtime.*set KAFKA_BROKERS/,
      ),
      cure: expect.stringContaining('apt-get install openjdk-17-jre-headless'),
    });
  });

  it('that only says that there is none, as on macOS, is missing', async () => {
    await expect(startWith('echo "Unable to locate a Java Runtime." >&2; exit 1')).rejects.toMatchObject({
      code: 'EMBEDDED_KAFKA_JAVA_MISSING',
      message: expect.stringContaining('says "Unable to locate a Java Runtime."'),
    });
  });

  it.each(['java version "1.8.0_402"', 'openjdk version "11.0.22" 2024-01-16'])(
    '%s is too old',
    async (version) => {
      await expect(startWith(`echo '${version}' >&2`)).rejects.toMatchObject({
        code: 'EMBEDDED_KAFKA_JAVA_TOO_OLD',
      });
    },
  );
});
