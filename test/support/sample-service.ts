import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterTest } from './tracing.js';
import { until } from './until.js';

const START_MS = 60_000;

/** One line of a service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface SampleServiceOptions {
  /** As process 1, as in a container. @default false */
  readonly isProcess1?: boolean;
  /** As process 1, with nothing that it may write. @default false */
  readonly isReadOnly?: boolean;
  /** What is run. @default node with the built service */
  readonly command?: readonly string[];
  /** Where. @default where the tests run */
  readonly folder?: string;
  /** Whether it gets the variables of the tests, too, but for those of telemetry and databases. @default true */
  readonly inheritsVariables?: boolean;
}

/** As in a container: process 1 of its own namespace, which is gone with whoever started it. */
const PROCESS_1 = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const READ_ONLY = ['sh', '-c', 'mount -o remount,bind,ro / && exec "$0" "$@"'];

/** One of the two built services, as a process of its own that does not outlive the test. */
export class SampleService {
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  #url: string | undefined;
  #output = '';

  static start(name: string, env: NodeJS.ProcessEnv, options: SampleServiceOptions = {}): SampleService {
    const main = mainOf(name);
    const { isReadOnly = false, isProcess1 = isReadOnly, inheritsVariables = true, folder: cwd } = options;
    const { command = [process.execPath, main] } = options;
    const wrappers = [...(isProcess1 ? PROCESS_1 : []), ...(isReadOnly ? READ_ONLY : [])];
    const [program = '', ...args] = [...wrappers, ...command];
    const child = spawn(program, args, {
      env: inheritsVariables ? { ...inherited(), PORT: '0', DATA_DIR: 'memory://', ...env } : env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const service = new SampleService(child, isProcess1);
    afterTest(async () => {
      service.signal('SIGKILL');
      await service.ended;
    });
    return service;
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly isProcess1: boolean,
  ) {
    const hear = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('message', (message: { readonly url?: string }) => (this.#url = message.url));
    this.ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  }

  /** Its address, once it takes requests. */
  async listening(): Promise<string> {
    await until(
      'the service listens',
      () => {
        if (this.child.exitCode !== null) throw new Error(`The service ended:\n${this.#output}`);
        return this.#url !== undefined;
      },
      START_MS,
    );
    return this.#url!;
  }

  /** The lines of its log so far. */
  get log(): readonly LogLine[] {
    return this.#output
      .split('\n')
      .slice(0, -1)
      .map((line) => (line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line }));
  }

  signal(signal: NodeJS.Signals): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    process.kill(this.isProcess1 ? this.#pidInNamespace() : this.child.pid!, signal);
  }

  /** How long it took to end, in milliseconds, and with what. */
  async stop(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ readonly exit: number | string; readonly ms: number }> {
    const start = performance.now();
    this.signal(signal);
    const exit = await this.ended;
    return { exit, ms: performance.now() - start };
  }

  #pidInNamespace(): number {
    const pid = this.child.pid!;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return child ? Number(child) : pid;
  }
}

/** @throws Error if it is not built. */
export function mainOf(name: string): string {
  const main = fileURLToPath(new URL(`../../dist/sample/${name}/main.js`, import.meta.url));
  if (!existsSync(main)) throw new Error(`There is no ${main}: run \`npm run build\` first`);
  return main;
}

function inherited(): NodeJS.ProcessEnv {
  const variables = Object.entries(process.env);
  return Object.fromEntries(variables.filter(([key]) => !/^(OTEL_|DATABASE_URL|SMTP_URL)/.test(key)));
}
