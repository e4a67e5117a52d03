import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RUNBOOK, traceqlOfRunbook } from '../support/k8s/runbook.js';
import { base64, StandInTempo, traceOf } from '../support/k8s/stand-in-tempo.js';
import { errorsIn } from '../support/k8s/traceql.js';

const SCRIPTS = 'sample/k8s/traces';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const LINKED_TRACE_ID = '00f067aa0ba902b7a3ce929d0e0e4736';
const CONSUMER_ID = 'b7ad6b7169203331';
const PRODUCER_ID = '00f067aa0ba902b7';
const ORDER_ID = '3d57a95e-3d60-42d9-b84c-faa1e9eb4e0c';

interface Run {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

let tempo: StandInTempo;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-'));
  tempo = await StandInTempo.start();
});
afterEach(() => {
  tempo.stop();
  rmSync(folder, { recursive: true });
});

describe('the runbook', () => {
  it('has queries that are TraceQL', () => {
    expect(traceqlOfRunbook().length).toBeGreaterThanOrEqual(8);
    expect(traceqlOfRunbook().flatMap(errorsIn)).toEqual([]);
  });

  it('names every script that there is', () => {
    const scripts = readdirSync(SCRIPTS).filter((file) => file !== 'tempo.sh');
    expect(scripts.filter((file) => !RUNBOOK.includes(`\`traces/${file}`))).toEqual([]);
    const named = [...RUNBOOK.matchAll(/traces\/([\w-]+\.sh)/g)].map(([, file]) => file!);
    expect(named.filter((file) => !scripts.includes(file))).toEqual([]);
  });

  it.each([
    ['producers-of-topic.sh', ['order-events']],
    ['slow-consumers.sh', []],
    ['slow-consumers.sh', ['5s']],
    ['traces-of-order.sh', [ORDER_ID]],
    ['links-to-trace.sh', [TRACE_ID]],
  ])('says what %s asks: %j', async (script, args) => {
    const { exit, err } = await run(script, args);

    expect(exit).toBe(0);
    const query = tempo.asked[0]!.searchParams.get('q')!;
    expect(errorsIn(query)).toEqual([]);
    expect(err.trim()).toBe(query);
    expect(traceqlOfRunbook()).toContain(query.replace(ORDER_ID, 'ORDER_ID').replace(TRACE_ID, 'TRACE_ID'));
  });
});

describe('a search', () => {
  it('is a GET of the last hour', async () => {
    const before = Math.floor(Date.now() / 1000);
    await run('slow-consumers.sh', []);

    const { pathname, searchParams } = tempo.asked[0]!;
    expect(pathname).toBe('/api/search');
    expect(Number(searchParams.get('end'))).toBeGreaterThanOrEqual(before);
    expect(Number(searchParams.get('end')) - Number(searchParams.get('start'))).toBe(3600);
    expect(searchParams.get('limit')).toBe('20');
    expect(searchParams.get('spss')).toBe('100');
  });

  it('is of another time, and of more traces, where that is said', async () => {
    await run('slow-consumers.sh', ['500ms'], { START: '1000', END: '2000', LIMIT: '50', SPANS: '9' });

    expect(Object.fromEntries(tempo.asked[0]!.searchParams)).toEqual({
      q: '{ span:kind = consumer && span.messaging.system = "kafka" && span:duration > 500ms }',
      start: '1000',
      end: '2000',
      limit: '50',
      spss: '9',
    });
  });

  const found = {
    traceID: TRACE_ID,
    rootServiceName: 'order-service',
    rootTraceName: 'POST /orders',
    startTimeUnixNano: '1700000000000000000',
    durationMs: 6000,
    spanSets: [
      {
        matched: 1,
        spans: [
          {
            spanID: CONSUMER_ID,
            startTimeUnixNano: '1700000000000000000',
            durationNanos: '5250000000',
          },
        ],
      },
    ],
  };

  it('shows a line for each span', async () => {
    tempo.answers = { '/api/search': { traces: [found] } };
    const { out, err } = await run('slow-consumers.sh', []);

    expect(out.split('\n').map((line) => line.split('\t'))).toEqual([
      ['TRACE', 'SPAN', 'STARTED', 'MILLISECONDS', 'TRACE BEGINS WITH'],
      [TRACE_ID, CONSUMER_ID, '2023-11-14T22:13:20Z', '5250', 'order-service: POST /orders'],
      [''],
    ]);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says where there is more than it shows', async () => {
    tempo.answers = {
      '/api/search': {
        traces: [
          { ...found, spanSets: [{ ...found.spanSets[0], matched: 3 }] },
          { traceID: LINKED_TRACE_ID },
        ],
      },
    };
    const { exit, err } = await run('slow-consumers.sh', [], { LIMIT: '2', SPANS: '1' });

    expect(exit).toBe(0);
    expect(err.trimEnd().split('\n').slice(1)).toEqual([
      'There may be more traces: set LIMIT, or less time by START and END.',
      `The trace ${TRACE_ID} has 3 such spans, of which 1 are shown.`,
    ]);
  });

  it('says that nothing was found', async () => {
    expect(await run('slow-consumers.sh', [])).toMatchObject({ exit: 0, out: 'Nothing was found.\n' });
  });

  it('fails with what Tempo says', async () => {
    tempo.answers = {};
    const { exit, out, err } = await run('slow-consumers.sh', []);

    expect({ exit, out }).toEqual({ exit: 1, out: '' });
    expect(err).toMatch(/404\nTempo does not answer \/api\/search: There is no \/api\/search\n$/);
  });
});

describe('producer-of-consumer.sh', () => {
  const link = { traceId: base64(LINKED_TRACE_ID), spanId: base64(PRODUCER_ID) };
  const span = { traceId: base64(TRACE_ID), name: 'process order-events', kind: 'SPAN_KIND_CONSUMER' };
  const producer = { spanId: base64(PRODUCER_ID), name: 'send order-events', kind: 'SPAN_KIND_PRODUCER' };

  it('follows the link of a consumer into another trace', async () => {
    tempo.answers = {
      [`/api/v2/traces/${TRACE_ID}`]: traceOf('notification-service', {
        ...span,
        spanId: base64(CONSUMER_ID),
        links: [link],
      }),
      [`/api/v2/traces/${LINKED_TRACE_ID}`]: traceOf('order-service', {
        ...producer,
        traceId: base64(LINKED_TRACE_ID),
      }),
    };
    expect(table(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID]))).toEqual([
      ['TRACE', 'SPAN', 'KIND', 'SERVICE', 'NAME'],
      [LINKED_TRACE_ID, PRODUCER_ID, 'producer', 'order-service', 'send order-events'],
    ]);
  });

  it('finds a producer that is the parent, once where it is linked to as well', async () => {
    tempo.answers = {
      [`/api/v2/traces/${TRACE_ID}`]: traceOf(
        'order-service',
        { ...producer, traceId: base64(TRACE_ID) },
        {
          ...span,
          spanId: base64(CONSUMER_ID),
          parentSpanId: base64(PRODUCER_ID),
          links: [{ traceId: base64(TRACE_ID), spanId: base64(PRODUCER_ID) }],
        },
      ),
    };
    expect(table(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID]))).toEqual([
      ['TRACE', 'SPAN', 'KIND', 'SERVICE', 'NAME'],
      [TRACE_ID, PRODUCER_ID, 'producer', 'order-service', 'send order-events'],
    ]);
  });

  it('shows what there is where another of its links leads nowhere', async () => {
    const trace = traceOf('notification-service', {
      ...span,
      spanId: base64(CONSUMER_ID),
      links: [link, { traceId: base64(TRACE_ID), spanId: base64('1111111111111111') }],
    });
    tempo.answers = {
      [`/api/v2/traces/${TRACE_ID}`]: trace,
      [`/api/v2/traces/${LINKED_TRACE_ID}`]: traceOf('order-service', {
        ...producer,
        traceId: base64(LINKED_TRACE_ID),
      }),
    };
    const { exit, out, err } = await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID]);

    expect({ exit, err }).toEqual({
      exit: 0,
      err: `Tempo has no span 1111111111111111 of the trace ${TRACE_ID}: it was not sampled, or is no longer kept.\n`,
    });
    expect(out).toContain(`${LINKED_TRACE_ID}\t${PRODUCER_ID}\tproducer`);
  });

  it('says where Tempo does not have the trace that it links to', async () => {
    tempo.answers = {
      [`/api/v2/traces/${TRACE_ID}`]: traceOf('notification-service', {
        ...span,
        spanId: base64(CONSUMER_ID),
        links: [link],
      }),
    };
    expect(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID])).toEqual({
      exit: 1,
      out: '',
      err: `Tempo has no span ${PRODUCER_ID} of the trace ${LINKED_TRACE_ID}: it was not sampled, or is no longer kept.\n`,
    });
  });

  it('says where Tempo does not have the trace', async () => {
    expect(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID])).toEqual({
      exit: 1,
      out: '',
      err: `Tempo has no trace ${TRACE_ID}: it was not sampled, or is no longer kept.\n`,
    });
  });

  it('finds it in a trace of a thousand spans', async () => {
    const others = Array.from({ length: 1000 }, (_, index) => ({
      ...producer,
      traceId: base64(TRACE_ID),
      spanId: base64((index + 1).toString(16).padStart(16, '0')),
    }));
    const consumer = { ...span, spanId: base64(CONSUMER_ID), parentSpanId: others[999]!.spanId };
    tempo.answers = { [`/api/v2/traces/${TRACE_ID}`]: traceOf('order-service', ...others, consumer) };
    expect(table(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID]))[1]).toEqual([
      TRACE_ID,
      '00000000000003e8',
      'producer',
      'order-service',
      'send order-events',
    ]);
  });

  it('says where a trace does not have the span', async () => {
    tempo.answers = {
      [`/api/v2/traces/${TRACE_ID}`]: traceOf('order-service', { ...producer, traceId: TRACE_ID }),
    };
    expect(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID])).toMatchObject({
      exit: 1,
      err: `The trace ${TRACE_ID} has no span ${CONSUMER_ID}.\n`,
    });
  });

  it('says where a span comes from no message', async () => {
    tempo.answers = {
      [`/api/v2/traces/${TRACE_ID}`]: traceOf('order-service', { ...span, spanId: base64(CONSUMER_ID) }),
    };
    expect(await run('producer-of-consumer.sh', [TRACE_ID, CONSUMER_ID])).toMatchObject({
      exit: 1,
      err: `The span ${CONSUMER_ID} has no link, and no producer above it.\n`,
    });
  });
});

describe('an argument that is none', () => {
  it.each([
    ['producers-of-topic.sh', [], 'Usage: '],
    ['producers-of-topic.sh', ['order events" }'], 'Expected the name of a topic, got "order events" }"'],
    ['slow-consumers.sh', ['five'], 'Expected a duration such as 500ms or 5s, got "five"'],
    ['slow-consumers.sh', ['5 s'], 'Expected a duration such as 500ms or 5s, got "5 s"'],
    ['traces-of-order.sh', ['-'.repeat(36)], 'Expected the id of an order'],
    ['traces-of-order.sh', ['1'], 'Expected the id of an order, which POST /orders answers, got "1"'],
    ['links-to-trace.sh', ['0AF7'], 'Expected a trace id, 32 digits of hex, got "0AF7"'],
    ['producer-of-consumer.sh', [TRACE_ID], 'Usage: '],
    ['producer-of-consumer.sh', [TRACE_ID, '1'], 'Expected a span id, 16 digits of hex, got "1"'],
  ])('of %s, %j, is told', async (script, args, message) => {
    const { exit, err } = await run(script, args);

    expect(exit).toBe(1);
    expect(err).toContain(message);
    expect(tempo.asked).toEqual([]);
  });
});

describe('a variable that is wrong', () => {
  it.each([
    [{ START: 'yesterday' }, 'Expected a whole number of seconds since 1970 in START, got "yesterday"'],
    [{ END: '1e9' }, 'Expected a whole number of seconds since 1970 in END, got "1e9"'],
    [{ START: '2000', END: '1000' }, 'Expected START before END, got 2000 and 1000'],
    [{ LIMIT: '0' }, 'Expected a whole number in LIMIT, got "0"'],
    [{ SPANS: '101' }, 'Expected at most 100 in SPANS, which is what Tempo takes, got "101"'],
    [{ SPANS: 'all' }, 'Expected a whole number in SPANS, got "all"'],
  ])('%j, is told', async (variables, message) => {
    expect(await run('slow-consumers.sh', [], variables)).toEqual({ exit: 1, out: '', err: `${message}\n` });
    expect(tempo.asked).toEqual([]);
  });
});

describe('a duration', () => {
  it.each(['500us', '500ms', '1.5s', '2m', '1h'])('may be %s', async (duration) => {
    expect(await run('slow-consumers.sh', [duration])).toMatchObject({ exit: 0 });
    expect(errorsIn(tempo.asked[0]!.searchParams.get('q')!)).toEqual([]);
  });
});

describe('a script', () => {
  it('may be started by a link to it', async () => {
    symlinkSync(resolve(SCRIPTS, 'slow-consumers.sh'), join(folder, 'slow'));
    expect(await run(join(folder, 'slow'), [])).toMatchObject({ exit: 0, out: 'Nothing was found.\n' });
  });
});

describe('without TEMPO_URL', () => {
  it('a port is forwarded to the Tempo of the cluster, and no longer than the script runs', async () => {
    program(
      'kubectl',
      `echo "$@" > ${folder}/arguments; echo $$ > ${folder}/pid; echo "Forwarding from ${tempo.url.slice(7)} -> 3200"; exec sleep 60`,
    );
    const { exit } = await run('slow-consumers.sh', [], { TEMPO_URL: '' });

    expect(exit).toBe(0);
    expect(read('arguments')).toBe('--namespace observability port-forward service/tempo :3200');
    expect(tempo.asked).toHaveLength(1);
    expect(() => process.kill(Number(read('pid')), 0)).toThrow(/ESRCH/);
  });

  it('is told what kubectl says where that cannot forward', async () => {
    program('kubectl', 'echo "error: services \\"tempo\\" not found"; exit 1');
    expect(await run('slow-consumers.sh', [], { TEMPO_URL: '' })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('kubectl: error: services "tempo" not found') as string,
    });
  });

  it('and without kubectl, one of them is asked for', async () => {
    for (const name of ['bash', 'env', 'dirname', 'realpath', 'date', 'curl', 'jq']) link(name);
    expect(await run('slow-consumers.sh', [], { TEMPO_URL: '', PATH: folder })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('This needs kubectl, or TEMPO_URL.') as string,
    });
  });

  it('and without jq, that is asked for', async () => {
    for (const name of ['bash', 'env', 'dirname', 'realpath', 'date', 'curl']) link(name);
    expect(await run('slow-consumers.sh', [], { PATH: folder })).toMatchObject({
      exit: 1,
      err: 'This needs jq.\n',
    });
  });
});

async function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const PATH = `${folder}${delimiter}${process.env['PATH']}`;
  const child = spawn(resolve(SCRIPTS, script), args, {
    env: { PATH, TEMPO_URL: tempo.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  const [exit] = (await once(child, 'close')) as [number];
  return { exit, ...output };
}

/** Puts a program on the PATH, before all others. */
function program(name: string, body: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

/** Puts one that is installed there. */
function link(name: string): void {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((path) => join(path, name))
    .find(existsSync);
  if (found === undefined) throw new Error(`These tests need ${name}: install it, on Debian with apt-get.`);
  symlinkSync(found, join(folder, name));
}

function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8').trim();
}

function table({ exit, out, err }: Run): readonly (readonly string[])[] {
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}
