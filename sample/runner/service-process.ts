import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readableLog } from './readable-log.js';

const START_TIMEOUT_MS = 60_000;
/** Longer than a service takes at most. */
const STOP_TIMEOUT_MS = 11_000;
const LAST_WORDS = 4000;

/** One of the two services, as a process of its own. */
export interface ServiceProcess {
  /** Its address, once it takes requests. Rejects when it ends before, or does not get there in time. */
  readonly listening: Promise<string>;
  /** Rejects when the service ends without having been asked to; never resolves. */
  readonly failure: Promise<never>;
  /** SIGTERM, and SIGKILL when that does not help. */
  stop(): Promise<void>;
}

export function forkService(name: string, env: NodeJS.ProcessEnv): ServiceProcess {
  const child = fork(fileURLToPath(new URL(`../${name}/main.js`, import.meta.url)), {
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl+C in a terminal goes to a whole group of processes. The services are to be stopped by us, in order.
    detached: true,
  });
  const output = lastOutputOf(child);
  const ended = endOf(child);
  let stopping = false;
  const failure = ended.then((how) => {
    if (stopping) return new Promise<never>(() => {});
    throw new Error(`${name} ended (${how}). Its last words:\n${output()}`);
  });
  failure.catch(() => {}); // it may come before anybody waits for it
  return {
    listening: listeningOf(child, name, failure, output),
    failure,
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const inTime = await Promise.race([ended, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
      if (inTime === undefined) child.kill('SIGKILL');
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return signal ?? `exit code ${code}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function listeningOf(
  child: ChildProcess,
  name: string,
  failure: Promise<never>,
  output: () => string,
): Promise<string> {
  const giveUp = new AbortController();
  const listening = new Promise<string>((resolve) => {
    child.on('message', (message: { type?: unknown; url?: unknown }) => {
      if (message.type === 'listening') resolve(String(message.url));
    });
  });
  const tooLate = delay(START_TIMEOUT_MS, undefined, giveUp).then(() => {
    throw new Error(
      `${name} did not start within ${START_TIMEOUT_MS / 1000} s. Its last words:\n${output()}`,
    );
  });
  try {
    return await Promise.race([listening, failure, tooLate]);
  } finally {
    giveUp.abort();
    tooLate.catch(() => {});
  }
}

function lastOutputOf(child: ChildProcess): () => string {
  let output = '';
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-LAST_WORDS);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return () => readableLog(output.trim()) || '(none)';
}
