import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { removeLeftovers } from '../../lib/testing/leftovers.js';
import { dataFolders, javasNaming, processesNaming, temporaryFolder } from './processes-and-folders.js';
import { until } from '../support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FROM_ESM = `import { EmbeddedKafka } from './dist/esm/testing/index.js';`;
const FROM_CJS = `import { createRequire } from 'node:module';
  const { EmbeddedKafka } = createRequire(process.cwd() + '/')('./dist/cjs/testing/index.js');`;

// Several JVMs start one after the other, perhaps on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

afterEach(() => vi.unstubAllEnvs());

interface Parent {
  readonly process: ChildProcess;
  readonly tmp: string;
}

/** A process of its own that starts a broker from the built package and then does something else. */
async function parent(load: string, then: string): Promise<Parent> {
  expect(existsSync(join(root, 'dist/cjs/testing/index.js')), 'the package is built (npm run build)').toBe(
    true,
  );
  const tmp = temporaryFolder();
  const program = `${load}
    const kafka = await EmbeddedKafka.start();
    await new Promise((written) => process.stdout.write(kafka.brokers[0] + '\\n', written));
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    env: { ...process.env, TMPDIR: tmp, KAFKA_BROKERS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`The parent ended early: ${String(code)}.`)),
    ),
  ]);
  return { process: child, tmp };
}

async function untilNothingIsLeft({ tmp }: Parent, after: string): Promise<void> {
  await until(`no process and no folder of the broker is left after ${after}`, () => {
    return processesNaming(tmp).length === 0 && readdirSync(tmp).length === 0;
  });
}

const STAY = 'setInterval(() => {}, 1000);';

it('leaves no process and no folder, whichever signal ends its parent', async () => {
  // Side by side: each waits most of its time for a JVM.
  const endings = [
    ['SIGKILL', FROM_ESM],
    ['SIGINT', FROM_CJS],
    ['SIGTERM', FROM_ESM],
  ] as const;
  const ends = endings.map(async ([signal, load]) => {
    const ended = await parent(load, STAY);
    expect(javasNaming(ended.tmp)).toHaveLength(1);
    expect(dataFolders(ended.tmp)).toHaveLength(1);
    ended.process.kill(signal);
    await untilNothingIsLeft(ended, signal);
  });
  await Promise.all(ends);
});

it('does not keep a process alive that has nothing else to do, and leaves nothing', async () => {
  const finished = await parent(FROM_ESM, '');
  if (finished.process.exitCode === null) await once(finished.process, 'exit');
  expect(finished.process.exitCode).toBe(0);
  await untilNothingIsLeft(finished, 'a plain end');
});

it('leaves its remains to the next start when it is killed together with its parent', async () => {
  const killed = await parent(FROM_ESM, STAY);
  vi.stubEnv('TMPDIR', killed.tmp);
  await removeLeftovers();
  expect(javasNaming(killed.tmp), 'one that is in use is left alone').toHaveLength(1);

  const [java] = javasNaming(killed.tmp);
  onTestFinished(() => void spawnSync('kill', ['-9', String(java!.pid)]));
  const [folder] = dataFolders(killed.tmp);
  const keeper = JSON.parse(readFileSync(join(killed.tmp, folder!, 'keeper.json'), 'utf8')) as {
    pid: number;
  };
  // Stopped first, the parent cannot notice that its keeper is gone.
  killed.process.kill('SIGSTOP');
  process.kill(keeper.pid, 'SIGKILL');
  killed.process.kill('SIGKILL');
  await until('both are gone', () => !processesNaming(killed.tmp).some(({ pid }) => pid === keeper.pid));
  expect(javasNaming(killed.tmp)).toHaveLength(1);

  await removeLeftovers();
  await untilNothingIsLeft(killed, 'the next start');
});
