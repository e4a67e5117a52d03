import { type AsyncHook, AsyncLocalStorage, createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { holdNoLongerThan } from '../../lib/nest/process-holders.js';
import { runProgram } from '../support/nest-program.js';
import type { DeadExporter, Ended } from '../support/programs/dead-exporter.js';
import { until } from '../support/until.js';

// Half of what exporters and the SDK's own timers take.
const DEADLINE = 15_000;

type Given = Omit<DeadExporter, 'url'>;

/** Starts a collector, and returns its URL. */
type Collector = () => Promise<string>;

/** Each in a process of its own, which nothing ends but that it has nothing more to do. */
describe('a process whose exporter is dead', () => {
  it.each<[what: string, given: Given, collector?: Collector]>([
    ['spans go to an exporter that never calls back', { exports: 'spans' }],
    ['metrics go to an exporter that never calls back', { exports: 'metrics' }],
    ['spans go to a collector that never answers', { exports: 'spans' }, answering(0)],
    ['metrics go to a collector that never answers', { exports: 'metrics' }, answering(0)],
    ['the connection is one from before', { exports: 'spans', hasExported: true }, answering(1)],
    ['so much goes out that it is not even written', { exports: 'spans', bytes: 30_000_000 }, readingNothing],
    [
      'spans go to a collector that reads nothing, and the connection is being written to',
      { exports: 'spans', bytes: 30_000_000, shutdownTimeoutMs: 3_000 },
      readingNothing,
    ],
    ['spans go to a collector that takes no connection', { exports: 'spans' }, takingNoConnection],
  ])('ends soon after its application where %s', async (_what, given, collector) => {
    const told = collector === undefined ? given : { ...given, url: await collector() };
    const { closed, exited } = await runProgram<Ended>('dead-exporter', { nest: 12, loads: 'import' }, told);
    expect(closed).toBeGreaterThan(450);
    expect(exited).toBeLessThan(DEADLINE);
  });
});

describe('holdNoLongerThan', () => {
  it('leaves what work that succeeds has made as it is, and looks no longer', async () => {
    const hooks = watchHooks();
    const timer = await holdNoLongerThan(1, async () => longTimer());
    await laterThan(1);
    expect(timer.hasRef()).toBe(true);
    expect(hooks()).toBe(0);
  });

  it('leaves what work that fails has made until the time is over', async () => {
    const made: NodeJS.Timeout[] = [];
    const fail = async () => {
      made.push(longTimer());
      throw new Error('no exporter');
    };
    await expect(holdNoLongerThan(100, fail)).rejects.toThrow('no exporter');
    expect(made[0]?.hasRef()).toBe(true);
    await until('it is let go', () => made[0]?.hasRef() === false);
  });

  it('leaves alone what others make meanwhile', async () => {
    let ours: NodeJS.Timeout | undefined;
    void holdNoLongerThan(1, () => {
      ours = longTimer();
      return hanging();
    });
    const other = longTimer();
    await until('ours is let go', () => ours?.hasRef() === false);
    expect(other.hasRef()).toBe(true);
  });

  it('lets go what is made because something was let go, and then looks no longer', async () => {
    const hooks = watchHooks();
    const made: NodeJS.Timeout[] = [];
    const retry = () => setTimeout(() => made.push(longTimer()), 300);
    const work = () => {
      setTimeout(() => made.push(retry()), 300);
      return hanging();
    };
    void holdNoLongerThan(1, work, 500);
    await until('all are let go', () => made.length === 2 && made.every((timer) => !timer.hasRef()));
    expect(hooks()).toBe(1);
    await until('nothing is looked at', () => hooks() === 0);
  });

  it('works once where nothing can be watched', async () => {
    const enable = vi.spyOn(hookPrototype, 'enable').mockImplementation(() => {
      throw new Error('no hooks');
    });
    onTestFinished(() => enable.mockRestore());
    const work = vi.fn(async () => 'done');
    expect(await holdNoLongerThan(1, work)).toBe('done');
    expect(work).toHaveBeenCalledOnce();
  });
});

const hookPrototype = Object.getPrototypeOf(createHook({})) as AsyncHook;

/** Returns how many hooks are enabled of those that were since. */
function watchHooks(): () => number {
  const enabled = new Set<AsyncHook>();
  const { enable, disable } = hookPrototype;
  hookPrototype.enable = function (this: AsyncHook) {
    enabled.add(this);
    return enable.call(this);
  };
  hookPrototype.disable = function (this: AsyncHook) {
    enabled.delete(this);
    return disable.call(this);
  };
  onTestFinished(() => void Object.assign(hookPrototype, { enable, disable }));
  new AsyncLocalStorage().run(1, () => {});
  const ofAllStores = new Set(enabled);
  return () => [...enabled].filter((hook) => !ofAllStores.has(hook)).length;
}

function longTimer(): NodeJS.Timeout {
  const timer = setTimeout(() => {}, 60_000);
  onTestFinished(() => clearTimeout(timer));
  return timer;
}

/** Resolves after the timers that were due by then. */
function laterThan(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => setTimeout(resolve, milliseconds), milliseconds);
  });
}

function hanging(): Promise<never> {
  return new Promise(() => {});
}

/** Answers so many requests, and none on a second connection. */
function answering(requests: number): Collector {
  return async () => {
    let [connections, left] = [0, requests];
    const url = await listen((socket) => {
      connections += 1;
      socket.on('data', () => {
        if (left > 0) {
          left -= 1;
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        }
      });
    });
    onTestFinished(() => expect([connections, left]).toEqual([1, 0]));
    return url;
  };
}

/** More than the buffers take waits to be written. */
function readingNothing(): Promise<string> {
  return listen((socket) => socket.pause());
}

async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // The program is gone.
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const BUSY_SERVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** Its queue is full. Where a system takes connections all the same, it is one that never answers. */
async function takingNoConnection(): Promise<string> {
  const worker = new Worker(BUSY_SERVER, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const queue = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(async () => {
    queue.forEach((socket) => socket.destroy());
    await worker.terminate();
  });
  await once(queue[0] as Socket, 'connect');
  return `http://127.0.0.1:${port}`;
}
