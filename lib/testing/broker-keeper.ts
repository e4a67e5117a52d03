import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import { EmbeddedKafkaError } from './embedded-kafka.error.js';
import { KEEPER_PROGRAM } from './keeper-program.js';
import { killAndWait } from './programs.js';

/** @internal How every data folder's name starts, in the system's folder for temporary files. */
export const FOLDER_PREFIX = 'embedded-kafka-';

/** @internal A child of the keeper's. */
export interface KeptProcess {
  readonly pid: number;
  /**
   * Settles when it has ended: with its exit code as text, its signal, or why it could not be started. Does not keep
   * this process alive: see {@link BrokerKeeper.waitFor}.
   */
  readonly ended: Promise<string>;
}

type Report = {
  readonly folder?: string;
  readonly pid?: number;
  readonly exit?: string;
  readonly fault?: string;
};

/**
 * The parent's side of the keeper (see {@link KEEPER_PROGRAM}): started by {@link hire}, ended by {@link dismiss} or by
 * the end of this process. It does not keep this process alive, except while something here is awaited.
 *
 * @internal
 */
export class BrokerKeeper {
  folder = '';

  readonly #process: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #hired = deferred<void>();
  #started = deferred<number>();
  #ended = deferred<string>();
  #childPid: number | undefined;
  #dismissed = false;
  /** Why there is no keeper any more, where nobody dismissed it. */
  #lost: EmbeddedKafkaError | undefined;
  #fault: string | undefined;
  #awaited = 0;

  static async hire(stopTimeoutMs: number): Promise<BrokerKeeper> {
    const keeper = new BrokerKeeper(stopTimeoutMs);
    await keeper.waitFor(keeper.#hired.promise);
    return keeper;
  }

  private constructor(stopTimeoutMs: number) {
    const program = ['--input-type=commonjs', '-e', KEEPER_PROGRAM];
    // Detached: Ctrl+C in a terminal goes to a whole group of processes, and the keeper has work to do afterwards.
    // No stderr of ours: whoever reads it to its end would wait for the keeper.
    this.#process = spawn(
      process.execPath,
      [...program, '--', join(tmpdir(), FOLDER_PREFIX), String(stopTimeoutMs)],
      { detached: true, cwd: '/', env: environment(), stdio: ['pipe', 'pipe', 'ignore'] },
    );
    // 'close', not 'exit': by then all that it reported has been read.
    this.#gone = once(this.#process, 'close').then(
      () => this.#keeperHasExited(),
      (error: Error) => this.#keeperHasExited(error.message),
    );
    this.#process.stdin?.on('error', () => {}); // it is gone: its exit says so
    createInterface({ input: this.#process.stdout! }).on('line', (line) =>
      this.#hear(JSON.parse(line) as Report),
    );
  }

  /** Starts a program in the keeper's folder; one at a time. Its output goes to `output.log` there. */
  async run(file: string, args: readonly string[]): Promise<KeptProcess> {
    this.#started = deferred();
    const { promise: ended } = (this.#ended = deferred<string>());
    this.#tell({ run: [file, ...args] });
    const pid = await this.waitFor(Promise.race([this.#started.promise, ended.then(() => 0)]));
    return { pid, ended };
  }

  /** Ends the program that runs, if any; SIGTERM is followed by SIGKILL when it takes too long. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#childPid === undefined) return;
    this.#tell({ end: signal });
    await this.waitFor(this.#ended.promise);
  }

  /** Ends the program, the folder and the keeper. */
  async dismiss(): Promise<void> {
    this.#dismissed = true;
    this.#process.stdin?.end();
    await this.waitFor(this.#gone);
  }

  /** Waits for something that only the keeper can bring about, and keeps this process alive for as long. */
  async waitFor<T>(what: Promise<T>): Promise<T> {
    if (this.#awaited++ === 0) this.#eachHandle((handle) => handle.ref());
    try {
      return await what;
    } finally {
      if (--this.#awaited === 0) this.#eachHandle((handle) => handle.unref());
    }
  }

  #eachHandle(change: (handle: { ref(): unknown; unref(): unknown }) => void): void {
    change(this.#process);
    change(this.#process.stdin as Socket);
    change(this.#process.stdout as Socket);
  }

  #tell(message: { run: string[] } | { end: string }): void {
    if (this.#lost) throw this.#lost;
    this.#process.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #hear({ folder, pid, exit, fault }: Report): void {
    this.#fault ??= fault;
    if (folder !== undefined) {
      this.folder = folder;
      this.#hired.resolve();
    }
    if (pid !== undefined) {
      this.#childPid = pid;
      this.#started.resolve(pid);
    }
    if (exit !== undefined) {
      this.#childPid = undefined;
      this.#ended.resolve(exit);
    }
  }

  /** What a keeper that was killed can no longer do is done here, as long as this process lives. */
  async #keeperHasExited(fault = this.#fault): Promise<void> {
    if (this.#childPid !== undefined) await killAndWait(this.#childPid);
    if (this.folder !== '') rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
    const lost = keeperDied(fault);
    this.#lost = lost;
    this.#hired.reject(lost);
    this.#ended.resolve(lost.message);
    // Perhaps nothing else is asked of it, and tests would only see that there is no broker.
    if (!this.#dismissed && this.folder !== '') process.emitWarning(lost.message, { code: lost.code });
  }
}

function keeperDied(fault: string | undefined): EmbeddedKafkaError {
  const how = fault === undefined ? 'was ended from outside' : `failed (${fault})`;
  return new EmbeddedKafkaError(
    'EMBEDDED_KAFKA_KEEPER_DIED',
    `The process that keeps the broker ${how}, and the broker was ended with it.`,
    'Start another EmbeddedKafka.',
  );
}

/** Without what is meant for this process only: preloads, debuggers, coverage. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...rest } = process.env;
  return rest;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  promise.catch(() => {}); // rejected perhaps before, perhaps without anybody awaiting it
  return { promise, resolve, reject };
}
