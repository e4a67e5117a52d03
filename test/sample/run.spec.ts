import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { type Span, startTraceReceiver, TraceStore } from '../../sample/trace-viewer/index.js';

const RUN = fileURLToPath(new URL('../../dist/sample/run.js', import.meta.url));
const TIMEOUT_MS = 90_000;
const START_MS = 60_000;

interface Run {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const runs: Run[] = [];

beforeAll(() => {
  if (!existsSync(RUN)) throw new Error('There is no dist/sample/run.js: run `npm run build` first');
});

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.process.kill('SIGTERM');
    await run.ended;
  }
});

function runSample(args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  return runProgram(process.execPath, [RUN, ...args], env);
}

function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Run {
  const inherited = { ...process.env };
  // The sample is to start a Kafka of its own, as it does for everybody.
  delete inherited['KAFKA_BROKERS'];
  delete inherited['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const child = spawn(program, args, {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (heard.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (heard.stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const run = { process: child, stdout: () => heard.stdout, stderr: () => heard.stderr, ended };
  runs.push(run);
  return run;
}

async function expectSuccess(run: Run): Promise<void> {
  const exit = await run.ended;
  expect({ exit, stderr: exit === 0 ? '' : run.stderr() }).toEqual({ exit: 0, stderr: '' });
}

/** Every process below this one, with its command line. */
function descendantsOf(pid: number): readonly { readonly pid: number; readonly command: string }[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, child, parent, command]) => ({ pid: Number(child), parent: Number(parent), command: command! }));
  const below = (parent: number): typeof all =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until the run has got as far as `step`. Returns the processes that it then has. */
async function processesAt(run: Run, step: string): Promise<readonly number[]> {
  return (await descendantsAt(run, step)).map(({ pid }) => pid);
}

async function descendantsAt(run: Run, step: string): Promise<ReturnType<typeof descendantsOf>> {
  await until(`\`${step}\` of the sample`, () => run.stderr().includes(step), START_MS);
  let found = descendantsOf(run.process.pid!);
  const has = (part: string): boolean => found.some(({ command }) => command.includes(part));
  await until(
    'Kafka and both services',
    () => {
      found = descendantsOf(run.process.pid!);
      return has('kafka.Kafka') && has('order-service/main.js') && has('notification-service/main.js');
    },
    START_MS,
  );
  return found;
}

describe('npm run sample', { timeout: TIMEOUT_MS }, () => {
  it('shows the whole trace of every order and of a poison one, leaves nothing behind, and sends the spans on', async () => {
    const store = new TraceStore();
    const collector = await startTraceReceiver({ store });
    const run = runSample(['--orders', '2'], { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const pids = await processesAt(run, 'starting order-service');
    await expectSuccess(run);
    await collector.stop();

    const tree = new RegExp(
      [
        'order 1: [\\da-f-]{36}',
        'trace [\\da-f]{32}  \\d+ spans, 2 services, .*',
        'SERVICE +SPAN +KIND +DURATION +IN KAFKA',
        'order-service +POST /orders +SERVER +[\\d.]+ m?s',
        'order-service +└─ create_order +INTERNAL +[\\d.]+ m?s',
        ' +│ +order.id=[\\da-f-]{36} +order.amount=[\\d.]+',
        'order-service +└─ send order-events +PRODUCER +[\\d.]+ m?s',
        'notification-service +└─ process order-events +CONSUMER +[\\d.]+ .?s +[\\d.]+ .?s +partition 0, offset \\d+',
        ' +│ +↔ send order-events',
        'notification-service +└─ process_order_event +INTERNAL +[\\d.]+ .?s',
        ' +order.id=[\\da-f-]{36} +order.amount=[\\d.]+',
      ].join('\n'),
    );
    expect(run.stdout()).toMatch(tree);
    expect(run.stdout()).toContain('order 2: ');
    expect(run.stdout()).toMatch(
      new RegExp(
        [
          'poison order: [\\da-f-]{36}',
          '(.*\\n)+.* process order-events +CONSUMER .* partition 0, offset \\d+, attempt 3',
          ' +│ +↔ send order-events',
          ' +│ +! MailRefusedError: .*',
          '(.*\\n)+.* └─ send order-events.dlt +PRODUCER .*',
          ' +↔ send order-events',
        ].join('\n'),
      ),
    );
    expect(run.stdout()).toContain(
      '2 of 2 orders have a whole trace, and so have the order of tea, the 3 orders at once, and the poison order, which ended in order-events.dlt.',
    );
    expect(
      store.traces().filter(({ spans }) => spans.some(({ name }) => name === 'POST /orders')),
    ).toHaveLength(4);
    expect(run.stderr()).not.toContain('did not reach');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('prints nothing but JSON with --json', async () => {
    const run = runSample(['--orders', '1', '--json']);
    await expectSuccess(run);
    const spans = JSON.parse(run.stdout()) as readonly Span[];
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(4); // Of the order, the one of an item, those at once, and the poison one.
    expect(spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'POST /orders',
        'create_order',
        'send order-events',
        'process order-events',
        'process_order_event',
        'send order-events.dlt',
      ]),
    );
  });

  it('says what is missing, and exits with 1, when a trace is not whole; and stops a service that hangs', async () => {
    const run = runSample(['--orders', '100']); // So many that it hangs before the last one.
    const descendants = await descendantsAt(run, 'starting order-service');
    const hanging = descendants.find(({ command }) => command.includes('notification-service/main.js'))!;
    await until('the services to be ready', () => run.stderr().includes('placing'), START_MS);
    process.kill(hanging.pid, 'SIGSTOP');
    expect(await run.ended).toBe(1);
    expect(run.stdout()).toMatch(
      /\d+ of 100 orders have a whole trace, but not so the order of tea, the 3 orders at once, and the poison order\./,
    );
    expect(run.stderr() + run.stdout()).toMatch(
      /is not whole\. Missing: .*the INTERNAL span `process_order_event` of notification-service/,
    );
    expect(descendants.map(({ pid }) => pid).filter(isAlive)).toEqual([]);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('stops everything it started on %s', async (signal, exitCode) => {
    const run = runSample([]);
    const pids = await processesAt(run, 'starting order-service');
    run.process.kill(signal);
    expect(await run.ended).toBe(exitCode);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(run.stdout()).toBe('');
  });

  it('stops everything it started when npm is told to end, as by a process manager', async () => {
    // Without the build that goes before it, which the other tests run from.
    const run = runProgram('npm', ['run', '--ignore-scripts', 'sample'], {});
    const pids = await processesAt(run, 'starting order-service');
    run.process.kill('SIGTERM');
    await run.ended;
    await until('everything to end', () => !pids.some(isAlive));
    expect(run.stdout()).not.toContain('order 1:');
  });

  it('leaves nothing behind when it is killed', async () => {
    const run = runSample([]);
    const pids = await processesAt(run, 'placing');
    run.process.kill('SIGKILL');
    expect(await run.ended).toBe('SIGKILL');
    await until('the services and Kafka to end', () => !pids.some(isAlive), 20_000);
  });

  it('says what it does not understand, and starts nothing', async () => {
    const unknown = runSample(['--colour']);
    expect(await unknown.ended).toBe(2);
    expect(unknown.stderr()).toContain("Unknown option '--colour'");
    const orders = runSample(['--orders', 'many']);
    expect(await orders.ended).toBe(2);
    expect(orders.stderr()).toContain('Expected `--orders` to be a whole number from 1 up, got `many`');
    expect(unknown.stdout() + orders.stdout()).toBe('');
  });

  it('prints its options with --help', async () => {
    const run = runSample(['--help']);
    expect(await run.ended).toBe(0);
    for (const option of ['--orders', '--json', '--help']) expect(run.stdout()).toContain(option);
  });

  it('says so, and exits with 1, when Kafka cannot be reached', async () => {
    const run = runSample([], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(await run.ended).toBe(1);
    expect(run.stderr()).toContain('KAFKA_BROKERS is `127.0.0.1:1`');
  });
});
