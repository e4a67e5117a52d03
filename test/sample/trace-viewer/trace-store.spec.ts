import { describe, expect, it } from 'vitest';
import { type Span, type StoreChange, TraceStore } from '../../../sample/trace-viewer/index.js';
import { exceptionEvent, linkTo, span, spanId, TRACE_ID } from './support/spans.js';

const traceId = (index: number): string => index.toString(16).padStart(32, '0');
const inTrace = (index: number, one: Span): Span => ({ ...one, traceId: traceId(index) });

describe('TraceStore', () => {
  it('gives a trace with its spans in the order of their start', () => {
    const store = new TraceStore();
    store.add([span('02', '01', 5, 6)]);
    store.add([span('01', undefined, 1, 9)]);
    expect(store.trace(TRACE_ID)?.spans.map(({ name }) => name)).toEqual(['span 01', 'span 02']);
    expect(store.trace(traceId(1))).toBeUndefined();
  });

  it('keeps a span once when it is sent twice', () => {
    const store = new TraceStore();
    store.add([span('01', undefined, 1, 9, { links: [linkTo('0a')] })]);
    store.add([span('01', undefined, 1, 9, { links: [] })]);
    expect(store.size).toBe(1);
    expect(store.spansLinkingTo({ traceId: TRACE_ID, spanId: spanId('0a') })).toEqual([]);
  });

  it('knows who links to a span, from this trace and from others, before and after it arrives', () => {
    const store = new TraceStore();
    const inside = span('02', '01', 2, 3, { links: [linkTo('01')] });
    const outside = inTrace(7, span('03', undefined, 2, 3, { links: [linkTo('01')] }));
    const target = span('01', undefined, 1, 9);
    store.add([inside, outside]);
    expect(store.spansLinkingTo(target)).toEqual([inside, outside]);
    store.add([target]);
    expect(store.spansLinkingTo(target)).toEqual([inside, outside]);
    expect(store.span(inside.links[0]!)).toBe(target);
  });

  it('lets the oldest trace go, with its links, when there are too many traces', () => {
    const store = new TraceStore({ maxTraces: 2 });
    const target = inTrace(3, span('01', undefined, 0, 1));
    const link = linkTo('01', target.traceId);
    store.add([1, 2, 3].map((index) => inTrace(index, span('01', undefined, 0, 1, { links: [link] }))));
    expect(store.traces().map((trace) => trace.traceId)).toEqual([traceId(2), traceId(3)]);
    expect(store.spansLinkingTo(target).map((source) => source.traceId)).toEqual([traceId(2), traceId(3)]);
  });

  it('lets the oldest traces go when there are too many spans', () => {
    const store = new TraceStore({ maxSpans: 10 });
    for (let index = 1; index <= 100; index++) {
      store.add(['01', '02', '03'].map((id) => inTrace(index, span(id, undefined, 0, 1))));
      expect(store.size).toBeLessThanOrEqual(10);
    }
    expect(store.traces().map((trace) => trace.traceId)).toEqual([traceId(98), traceId(99), traceId(100)]);
  });

  it('bounds a single trace as well', () => {
    const store = new TraceStore({ maxSpans: 3 });
    store.add(['01', '02', '03', '04', '05'].map((id, index) => span(id, undefined, index, index + 1)));
    expect(store.trace(TRACE_ID)?.spans.map(({ name }) => name)).toEqual(['span 03', 'span 04', 'span 05']);
  });

  it('lets the oldest traces go when a few spans hold very much', () => {
    const store = new TraceStore({ maxBytes: 1_000_000 });
    const huge = { attributes: { text: 'x'.repeat(100_000) } };
    for (let index = 1; index <= 50; index++) store.add([inTrace(index, span('01', undefined, 0, 1, huge))]);
    expect(store.traces().map((trace) => trace.traceId)).toEqual([47, 48, 49, 50].map(traceId));
    // What has gone is not counted any more.
    for (let index = 51; index <= 90; index++) store.add([inTrace(index, span('01', undefined, 0, 1))]);
    expect(store.trace(traceId(50))).toBeDefined();
  });

  it.each<[string, Partial<Span>]>([
    ['a list of an attribute', { attributes: { list: [['x'.repeat(1000)]] } }],
    ['a map of an attribute', { attributes: { map: { ['k'.repeat(1000)]: 1 } } }],
    ['its name', { name: 'x'.repeat(1000) }],
    ['its service', { serviceName: 'x'.repeat(1000) }],
    ['its status', { status: { code: 'ERROR', message: 'x'.repeat(1000) } }],
    ['an event', { events: [exceptionEvent('x'.repeat(1000), 'boom')] }],
    ['links', { links: Array.from({ length: 10 }, () => linkTo('0a')) }],
  ])('counts %s of a span', (_what, rest) => {
    const store = new TraceStore({ maxBytes: 2500 });
    store.add([inTrace(1, span('01', undefined, 0, 1)), inTrace(2, span('01', undefined, 0, 1))]);
    expect(store.size).toBe(2);
    store.add([inTrace(2, span('01', undefined, 0, 1, rest))]);
    expect(store.trace(traceId(1))).toBeUndefined();
  });

  it('keeps nothing of a span that is larger than all it may hold', () => {
    const store = new TraceStore({ maxBytes: 1000 });
    const changes: StoreChange[] = [];
    store.onArrival((change) => changes.push(change));
    store.add([span('01', undefined, 0, 1, { name: 'x'.repeat(1000), links: [linkTo('02')] })]);
    expect([store.size, store.traceIds(), store.trace(TRACE_ID)]).toEqual([0, [], undefined]);
    expect(store.spansLinkingTo({ traceId: TRACE_ID, spanId: spanId('02') })).toEqual([]);
    expect(changes[0]?.removed).toEqual(new Set([TRACE_ID]));
  });

  it('tells which traces and spans came, went and were replaced', () => {
    const store = new TraceStore({ maxTraces: 2 });
    const changes: StoreChange[] = [];
    const [one, two, three] = [1, 2, 3].map((index) => inTrace(index, span('01', undefined, 0, 1)));
    store.add([one!, two!]);
    store.onArrival((change) => changes.push(change));
    store.add([{ ...two!, name: 'again' }, three!]);
    expect(changes).toEqual([
      {
        changed: new Set([traceId(2), traceId(3)]),
        removed: new Set([traceId(1)]),
        arrived: [{ ...two!, name: 'again' }, three],
        gone: [two, one],
      },
    ]);
  });

  it('tells of arrivals until nobody wants to know', () => {
    const store = new TraceStore();
    const sizes: number[] = [];
    const end = store.onArrival(() => sizes.push(store.size));
    store.add([span('01', undefined, 0, 1)]);
    end();
    store.add([span('02', undefined, 0, 1)]);
    expect(sizes).toEqual([1]);
  });
});
