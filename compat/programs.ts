import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that ended badly, with all it said. */
export class FailedProgramError extends Error {
  override readonly name = 'FailedProgramError';

  constructor(
    message: string,
    readonly output: string,
  ) {
    super(message);
  }
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the program, and whatever it has started. */
  readonly signal: AbortSignal;
  /** @default 10 minutes: more than a slow registry takes */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10 * 60_000;
const PATIENCE_MS = 5_000;

/**
 * Runs a program to its end.
 *
 * @throws {@link FailedProgramError} where it exits with anything but 0, or not in time. An interruption is thrown as `signal` has it.
 */
export async function run(command: string, args: readonly string[], options: ProgramOptions): Promise<void> {
  const { cwd, env = process.env, signal, timeoutMs = TIMEOUT_MS } = options;
  signal.throwIfAborted();
  // In a process group of its own: npm starts others, which would stay when it alone is ended.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  }
  const deadline = AbortSignal.timeout(timeoutMs);
  const ending = AbortSignal.any([signal, deadline]);
  const end = (): void => endGroup(child);
  ending.addEventListener('abort', end);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    signal.throwIfAborted();
    if (code === 0) return;
    const how = deadline.aborted ? `did not end in ${timeoutMs / 1000} s` : 'failed';
    throw new FailedProgramError(`\`${[command, ...args].join(' ')}\` ${how}.`, output.join(''));
  } finally {
    ending.removeEventListener('abort', end);
  }
}

function endGroup(child: ChildProcess): void {
  kill(child, 'SIGTERM');
  const deadline = setTimeout(() => kill(child, 'SIGKILL'), PATIENCE_MS);
  child.once('close', () => clearTimeout(deadline));
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}
