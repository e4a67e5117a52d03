import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  answerJson,
  RefusalError,
  type Span,
  startTraceReceiver,
  type TraceReceiver,
  TraceStore,
} from '../../../sample/trace-viewer/index.js';
import type {
  LagSeries,
  TracesEvent,
  TraceSummary,
  Waterfall,
  WaterfallRow,
} from '../../../sample/trace-viewer/page/page-api.js';
import { linkTo, orderTrace, poisonOrderTrace, span, spanId, TRACE_ID } from './support/spans.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const otherTrace = (index: number): string => index.toString(16).padStart(32, '0');
const numberedId = (index: number): string => index.toString(16).padStart(16, '0');
const inTrace = (index: number, one: Span): Span => ({ ...one, traceId: otherTrace(index) });

let store: TraceStore;
let receiver: TraceReceiver;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'));
  await mkdir(join(folder, 'style'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'style', 'all.css'), 'body {}');
  await writeFile(join(folder, 'page.ts'), 'const source = 1;');
  store = new TraceStore({ maxTraces: 3 });
  receiver = await startTraceReceiver({
    store,
    pageFolder: folder,
    routes: {
      'POST /api/further/:name': (_request, response, { name }) => answerJson(response, { name }),
      'GET /api/refused': () => {
        throw new RefusalError(409, 'Not now');
      },
    },
  });
});

afterEach(async () => {
  await receiver.stop();
  await rm(folder, { recursive: true });
});

describe('the list of traces', () => {
  it('says of each what is in it, the latest first', async () => {
    store.add(poisonOrderTrace());
    store.add([inTrace(1, span('01', undefined, 900, 901, { name: 'later' }))]);

    const [later, poison] = await get<readonly TraceSummary[]>('/api/traces');

    expect(later).toMatchObject({ title: 'later', spanCount: 1 });
    expect(poison).toEqual({
      traceId: TRACE_ID,
      title: 'POST /orders',
      services: ['order-service', 'notification-service'],
      spanCount: 10,
      start: expect.any(Number),
      duration: 325,
      errorCount: 5,
      retryCount: 2,
      messageCount: 3,
      linkedTraceCount: 0,
    });
  });

  it('counts a trace that links to another one, at both', async () => {
    store.add([span('01', undefined, 0, 1)]);
    expect((await get<readonly TraceSummary[]>('/api/traces'))[0]?.linkedTraceCount).toBe(0);

    store.add([inTrace(1, span('01', undefined, 1, 2, { links: [linkTo('01')] }))]);

    const summaries = await get<readonly TraceSummary[]>('/api/traces');
    expect(summaries.map(({ linkedTraceCount }) => linkedTraceCount)).toEqual([1, 1]);
  });
});

describe('a waterfall', () => {
  it('has the spans of an order, each below its parent, and the way of the message', async () => {
    store.add(orderTrace());

    const { rows, start, duration } = await waterfall(TRACE_ID);

    expect(rows.map(({ name, depth, placedBy }) => [name, depth, placedBy])).toEqual([
      ['POST /orders', 0, 'root'],
      ['create_order', 1, 'parent'],
      ['send order-events', 2, 'parent'],
      ['process order-events', 3, 'parent'],
      ['process_order_event', 4, 'parent'],
    ]);
    expect(duration).toBe(30);
    expect(rows[3]?.kafka).toBeUndefined(); // Nothing says that it is of Kafka.
    expect(rows[2]?.start).toBe(start + 10);
    expect(rows[3]?.links).toEqual([reference(TRACE_ID, '03', 'send order-events')]);
    expect(rows[2]?.linkedFrom).toEqual([
      { ...reference(TRACE_ID, '04', 'process order-events'), service: 'notification-service' },
    ]);
  });

  it.each([
    ['of today', { 'messaging.system.name': 'kafka', 'kafka.offset': 12 }],
    ['of old', { 'messaging.system': 'kafka', 'messaging.kafka.offset': '12' }],
  ])('shows a message on its way by the names %s', async (_case, names) => {
    const attributes = {
      ...names,
      'messaging.destination.name': 'order-events',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'notification-service',
    };
    store.add(orderTrace().map((one) => (one.kind === 'CONSUMER' ? { ...one, attributes } : one)));

    const { rows, start } = await waterfall(TRACE_ID);

    expect(rows[3]?.kafka).toEqual({
      topic: 'order-events',
      partition: '0',
      offset: '12',
      group: 'notification-service',
      sentAt: start + 10,
      duration: 6,
    });
  });

  it('joins a trace that only links to another one, below the span that it links to, whichever is asked for', async () => {
    const [post, create, send, process, step] = orderTrace();
    const { parentSpanId: _parent, ...root } = process!;
    store.add([post!, create!, send!, inTrace(1, { ...root, parentSpanId: undefined }), inTrace(1, step!)]);

    const [fromSend, fromProcess] = await Promise.all([waterfall(TRACE_ID), waterfall(otherTrace(1))]);

    const expected = [
      ['POST /orders', 0, 'root'],
      ['create_order', 1, 'parent'],
      ['send order-events', 2, 'parent'],
      ['process order-events', 3, 'link'],
      ['process_order_event', 4, 'parent'],
    ];
    expect(placesOf(fromSend)).toEqual(expected);
    expect(placesOf(fromProcess)).toEqual(expected);
    expect(fromProcess.traces.map(({ traceId }) => traceId)).toEqual([otherTrace(1), TRACE_ID]);
  });

  it('joins over several steps, and leaves out nothing of a ring of links', async () => {
    store.add([
      inTrace(1, span('01', undefined, 0, 1, { links: [linkTo('03', otherTrace(3))] })),
      inTrace(2, span('02', undefined, 1, 2, { links: [linkTo('01', otherTrace(1))] })),
      inTrace(3, span('03', undefined, 2, 3, { links: [linkTo('02', otherTrace(2))] })),
    ]);

    const { rows, traces } = await waterfall(otherTrace(2));

    expect(traces).toHaveLength(3);
    expect(rows.map(({ name }) => name)).toEqual(['span 01', 'span 02', 'span 03']);
  });

  it('keeps a span with a link to itself, or to one that is not here', async () => {
    store.add([
      span('01', undefined, 0, 1, { links: [linkTo('01')] }),
      span('02', 'aa', 0, 1, { links: [linkTo('bb')] }),
    ]);

    const { rows } = await waterfall(TRACE_ID);

    expect(rows.map(({ placedBy, orphan }) => [placedBy, orphan])).toEqual([
      ['root', false],
      ['root', true],
    ]);
    expect(rows[1]?.links).toEqual([{ traceId: TRACE_ID, spanId: spanId('bb') }]);
  });

  it('says why a span failed, what was dealt with, and which attempt it was', async () => {
    store.add(poisonOrderTrace());

    const { rows } = await waterfall(TRACE_ID);

    const deliveries = rows.filter(({ kind }) => kind === 'CONSUMER');
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([undefined, 2, 3]);
    expect(deliveries.map(({ error }) => error)).toEqual(['no such mailbox', 'no such mailbox', undefined]);
    expect(deliveries[2]?.exception).toBe('MailRefusedError: no such mailbox');
  });

  it('of a chain of ten thousand spans leaves out some, and says how many', async () => {
    store.add(
      Array.from({ length: 10_000 }, (_, index) => ({
        ...span('01', undefined, index, index + 1),
        spanId: numberedId(index + 1),
        parentSpanId: index === 0 ? undefined : numberedId(index),
      })),
    );

    const { rows, omittedSpans } = await waterfall(TRACE_ID);

    expect(rows).toHaveLength(5000);
    expect(omittedSpans).toBe(5000);
    expect(rows.at(-1)?.depth).toBe(4999);
  });

  it('of a trace that is not here is a 404 with a problem', async () => {
    const response = await fetch(`${receiver.url}/api/traces/${TRACE_ID}`);

    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ detail: `There is no trace ${TRACE_ID}, or not any more` });
  });
});

describe('what is told as it happens', () => {
  it('is everything first, then what changes, and what is not held any more', async () => {
    store.add([inTrace(1, span('01', undefined, 0, 1))]);
    const events = await listen();

    expect(await events.next('traces')).toMatchObject({ changed: [{ traceId: otherTrace(1) }], removed: [] });
    store.add([2, 3].map((index) => inTrace(index, span('01', undefined, 0, 1))));
    expect((await events.next<TracesEvent>('traces')).changed.map(({ traceId }) => traceId)).toEqual([
      otherTrace(2),
      otherTrace(3),
    ]);
    store.add([inTrace(4, span('01', undefined, 0, 1))]);
    expect(await events.next('traces')).toMatchObject({
      changed: [{ traceId: otherTrace(4) }],
      removed: [otherTrace(1)],
    });
    events.end();
  });

  it('is the lag of consumers as well, of which alone the metrics are kept', async () => {
    const events = await listen();
    await events.next('lag');
    const attributes = [
      named('messaging.consumer.group.name', 'notification-service'),
      named('messaging.destination.name', 'order-events'),
      named('messaging.destination.partition.id', '0'),
    ];
    const metrics = [
      { name: 'nestjs.kafka.consumer.lag', gauge: { dataPoints: [point(attributes, '7')] } },
      { name: 'messaging.process.duration', histogram: { dataPoints: [{ count: '1' }] } },
    ];

    const response = await fetch(`${receiver.url}/v1/metrics`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
    });

    expect(response.status).toBe(200);
    const expected: LagSeries = {
      group: 'notification-service',
      topic: 'order-events',
      partition: '0',
      points: [[1_790_000_000_000, 7]],
    };
    expect(await events.next('lag')).toEqual([expected]);
    expect(await get('/api/lag')).toEqual([expected]);
    events.end();
  });

  it('refuses metrics that cannot be read', async () => {
    const body = JSON.stringify({ resourceMetrics: 'none' });
    const response = await fetch(`${receiver.url}/v1/metrics`, { method: 'POST', headers: JSON_TYPE, body });

    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: 'Expected `resourceMetrics` to be an array' });
  });
});

describe('the files of the page', () => {
  it('are served with a policy that runs nothing from elsewhere', async () => {
    const page = await fetch(receiver.url);
    const style = await fetch(`${receiver.url}/style/all.css`);

    expect(await page.text()).toBe('<!doctype html>');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
  });

  it.each(['/page.ts', '/../page-server.spec.ts', '/style/..%2f..%2fetc/passwd', '/style'])(
    'are all that is served: not %s',
    async (path) => {
      expect((await raw('GET', path, {})).status).toBe(404);
    },
  );
});

describe('whoever asks', () => {
  it('gets an answer to further routes', async () => {
    const response = await fetch(`${receiver.url}/api/further/one`, { method: 'POST', headers: JSON_TYPE });

    expect(await response.json()).toEqual({ name: 'one' });
    expect((await fetch(`${receiver.url}/api/refused`)).status).toBe(409);
    expect((await fetch(`${receiver.url}/api/further/one`)).status).toBe(405);
  });

  it.each([
    ['a name of another site that leads here', 'GET', '/api/traces', { host: 'evil.example' }, 403],
    ['a name of another site, for the page', 'GET', '/', { host: 'evil.example:4318' }, 403],
    [
      'a page of another site',
      'POST',
      '/api/further/a',
      { ...JSON_TYPE, origin: 'http://evil.example' },
      403,
    ],
    ['a page of another port', 'POST', '/api/further/a', { ...JSON_TYPE, origin: 'http://127.0.0.1:1' }, 403],
    ['a page that has no name', 'POST', '/api/further/a', { ...JSON_TYPE, origin: 'null' }, 403],
    ['a form', 'POST', '/api/further/a', { 'content-type': 'text/plain' }, 415],
  ])('is refused as %s', async (_case, method, path, headers, status) => {
    expect((await raw(method, path, headers)).status).toBe(status);
  });

  it('is not refused as the page itself, by each name of this machine', async () => {
    const { port } = new URL(receiver.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      const headers = { ...JSON_TYPE, host, origin: `http://${host}` };
      expect((await raw('POST', '/api/further/a', headers)).status).toBe(200);
    }
  });
});

const point = (attributes: object[], asInt: string): object => ({
  timeUnixNano: '1790000000000000000',
  asInt,
  attributes,
});
const named = (key: string, stringValue: string): object => ({ key, value: { stringValue } });

function reference(traceId: string, id: string, name: string): WaterfallRow['links'][number] {
  return { traceId, spanId: spanId(id), name, service: 'order-service' };
}

function placesOf({ rows }: Waterfall): readonly unknown[] {
  return rows.map(({ name, depth, placedBy }) => [name, depth, placedBy]);
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${receiver.url}${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

function waterfall(traceId: string): Promise<Waterfall> {
  return get(`/api/traces/${traceId}`);
}

/** `fetch` sets some headers itself, and cleans paths. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ readonly status: number }> {
  const { hostname, port } = new URL(receiver.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path, headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    })
      .on('error', reject)
      .end();
  });
}

interface Listening {
  /** What the next event with this name says. */
  next<T = unknown>(name: 'traces' | 'lag'): Promise<T>;
  end(): void;
}

async function listen(): Promise<Listening> {
  const giveUp = new AbortController();
  const response = await fetch(`${receiver.url}/api/events`, { signal: giveUp.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const waiting: (readonly [name: string, data: unknown])[] = [];
  let text = '';
  return {
    async next(name) {
      for (;;) {
        const index = waiting.findIndex(([one]) => one === name);
        if (index >= 0) return waiting.splice(index, 1)[0]![1] as never;
        text += (await reader.read()).value ?? '';
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) {
          const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
          if (event !== '') waiting.push([event, JSON.parse(data)]);
        }
      }
    },
    end: () => giveUp.abort(),
  };
}
