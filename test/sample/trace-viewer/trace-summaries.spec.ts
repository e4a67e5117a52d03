import { beforeEach, describe, expect, it } from 'vitest';
import { type Span, TraceStore } from '../../../sample/trace-viewer/index.js';
import { TraceSummaries } from '../../../sample/trace-viewer/page-server/trace-summaries.js';
import { at, linkTo, orderTrace, poisonOrderTrace, span, TRACE_ID } from './support/spans.js';

const trace = (index: number): string => index.toString(16).padStart(32, '0');
const inTrace = (index: number, one: Span): Span => ({ ...one, traceId: trace(index) });

let store: TraceStore;
let summaries: TraceSummaries;

beforeEach(() => {
  store = new TraceStore({ maxTraces: 1000 });
  summaries = new TraceSummaries(store);
});

describe('the summary of a trace', () => {
  it('tells what it is, how long it took, and who took part', () => {
    store.add(orderTrace());
    expect(summaries.of(TRACE_ID)).toEqual({
      traceId: TRACE_ID,
      title: 'POST /orders',
      services: ['order-service', 'notification-service'],
      spanCount: 5,
      start: Number(at(0) / 1_000_000n),
      duration: 30,
      errorCount: 0,
      retryCount: 0,
      messageCount: 1,
      linkedTraceCount: 0,
    });
  });

  it('counts errors, and deliveries that were not the first', () => {
    store.add(poisonOrderTrace());
    expect(summaries.of(TRACE_ID)).toMatchObject({ errorCount: 5, retryCount: 2, messageCount: 3 });
  });

  it('is called after its earliest span until the root arrives', () => {
    store.add([span('02', '01', 1, 2), span('03', '01', 0, 1)]);
    expect(summaries.of(TRACE_ID)?.title).toBe('span 03');
    store.add([span('01', undefined, 1, 9)]);
    expect(summaries.of(TRACE_ID)).toMatchObject({ title: 'span 01', duration: 9 });
  });

  it('is as long as its spans go on, also where clocks disagree', () => {
    store.add([span('01', undefined, 5, 1)]);
    expect(summaries.of(TRACE_ID)?.duration).toBe(0);
  });

  it('bounds the text that a span brings', () => {
    store.add([span('01', undefined, 0, 1, { name: 'x'.repeat(1e6), serviceName: 'y'.repeat(1e6) })]);
    expect(JSON.stringify(summaries.of(TRACE_ID)).length).toBeLessThan(5000);
  });

  it('is undefined of a trace that is not held', () => {
    expect(summaries.of(TRACE_ID)).toBeUndefined();
  });
});

const linkingTo = (index: number): Partial<Span> => ({ links: [linkTo('01', trace(index))] });

const linkedTraces = (index: number): number | undefined => summaries.of(trace(index))?.linkedTraceCount;

describe('the summaries of a store', () => {
  it('come the latest first', () => {
    store.add([inTrace(1, span('01', undefined, 5, 6)), inTrace(2, span('01', undefined, 1, 2))]);
    store.add([inTrace(3, span('01', undefined, 9, 10))]);
    expect(summaries.all().map(({ traceId }) => traceId)).toEqual([3, 1, 2].map(trace));
  });

  it('are made anew only for what has changed, of a thousand traces', () => {
    for (let index = 1; index <= 1000; index++) {
      store.add(Array.from({ length: 20 }, (_, at) => inTrace(index, span(`${at + 10}`, '01', at, at + 1))));
    }
    const before = summaries.all();
    store.add([inTrace(500, span('01', undefined, 0, 99))]);
    const after = summaries.all();
    const isNew = after.filter((summary) => !before.includes(summary));
    expect(isNew.map(({ traceId, spanCount }) => [traceId, spanCount])).toEqual([[trace(500), 21]]);
  });

  it('count a trace on both sides of a link, once, and tell of both', () => {
    const told: string[][] = [];
    store.add([inTrace(1, span('01', undefined, 0, 1)), inTrace(3, span('01', undefined, 0, 1))]);
    expect(linkedTraces(1)).toBe(0);
    summaries.onChange((traceIds) => told.push([...traceIds].toSorted()));
    store.add(['02', '03'].map((id) => inTrace(2, span(id, undefined, 2, 3, linkingTo(1)))));
    expect([1, 2, 3].map(linkedTraces)).toEqual([1, 1, 0]);
    expect(told).toEqual([[trace(1), trace(2)]]);
  });

  it('count no link within a trace, nor to what is not here, until it is', () => {
    store.add([inTrace(1, span('01', undefined, 0, 1, { links: [linkTo('02', trace(1))] }))]);
    store.add([inTrace(1, span('02', '01', 0, 1, linkingTo(2)))]);
    expect(linkedTraces(1)).toBe(0);
    store.add([inTrace(2, span('01', undefined, 0, 1))]);
    expect([1, 2].map(linkedTraces)).toEqual([1, 1]);
  });

  it('count a link no more when its span comes again without it', () => {
    store.add([
      inTrace(1, span('01', undefined, 0, 1)),
      inTrace(2, span('01', undefined, 0, 1, linkingTo(1))),
    ]);
    expect([1, 2].map(linkedTraces)).toEqual([1, 1]);
    store.add([inTrace(2, span('01', undefined, 0, 1))]);
    expect([1, 2].map(linkedTraces)).toEqual([0, 0]);
  });

  it.each([
    ['links', [linkingTo(2), {}]],
    ['is linked', [{}, linkingTo(1)]],
  ])('count a trace no more that %s and has gone, though nobody ever looked at it', (_how, [one, two]) => {
    store.add([inTrace(1, span('01', undefined, 0, 1, one)), inTrace(2, span('01', undefined, 0, 1, two))]);
    expect(linkedTraces(2)).toBe(1);
    for (let index = 3; index <= 1001; index++) store.add([inTrace(index, span('01', undefined, 0, 1))]);
    expect([linkedTraces(1), linkedTraces(2)]).toEqual([undefined, 0]);
  });
});
