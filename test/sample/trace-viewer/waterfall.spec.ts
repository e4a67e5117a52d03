import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTraceReceiver, type TraceReceiver, TraceStore } from '../../../sample/trace-viewer/index.js';
import type { Waterfall } from '../../../sample/trace-viewer/page/page-api.js';
import { ask } from './support/requests.js';
import { at, orderTrace, poisonOrderTrace, span, TRACE_ID } from './support/spans.js';

let store: TraceStore;
let receiver: TraceReceiver;

beforeEach(async () => {
  store = new TraceStore();
  receiver = await startTraceReceiver({ store });
});

afterEach(() => receiver.stop());

const get = (path: string): ReturnType<typeof ask> => ask(`${receiver.url}${path}`);

async function waterfall(): Promise<Waterfall> {
  return JSON.parse((await get(`/api/traces/${TRACE_ID}`)).body) as Waterfall;
}

it.each([TRACE_ID, 'not-an-id', '..', '%00'])('answers 404 for %s, which is not held', async (traceId) => {
  const { status, headers } = await ask(receiver.url, { path: `/api/traces/${traceId}` });
  expect([status, headers['content-type']]).toEqual([404, 'application/problem+json']);
});

it('has times in milliseconds, and attributes as text', async () => {
  store.add(orderTrace());
  const { rows, start, duration } = await waterfall();
  expect([start, duration]).toEqual([Number(at(0) / 1_000_000n), 30]);
  expect(rows[2]).toMatchObject({ start: start + 10, duration: 8.2, kind: 'PRODUCER' });
  expect(rows[1]?.attributes).toEqual([
    ['order.id', 'o-1'],
    ['order.amount', '10'],
  ]);
});

it('has what a span recorded', async () => {
  store.add(poisonOrderTrace());
  const { rows } = await waterfall();
  expect(rows.find(({ error }) => error)?.events).toEqual([
    {
      name: 'exception',
      time: Number(at(0) / 1_000_000n),
      attributes: [
        ['exception.type', 'MailRefusedError'],
        ['exception.message', 'no such mailbox'],
      ],
    },
  ]);
});

it('moves an orphan below its parent once that arrives, and takes a span that comes again once', async () => {
  store.add([span('02', '01', 1, 2)]);
  expect((await waterfall()).rows[0]).toMatchObject({ depth: 0, orphan: true, placedBy: 'root' });
  store.add([span('01', undefined, 0, 3), span('02', '01', 1, 2)]);
  expect((await waterfall()).rows.map(({ depth, orphan }) => [depth, orphan])).toEqual([
    [0, false],
    [1, false],
  ]);
});

it('shortens long texts, and writes numbers that JSON does not know', async () => {
  const attributes = { text: 'x'.repeat(1e6), ['y'.repeat(1e6)]: 1, big: [9_007_199_254_740_993n] };
  store.add([span('01', undefined, 0, 1, { attributes, name: 'z'.repeat(1e6) })]);
  const { body } = await get(`/api/traces/${TRACE_ID}`);
  expect(body.length).toBeLessThan(15_000);
  expect(body).toContain('9007199254740993');
});
