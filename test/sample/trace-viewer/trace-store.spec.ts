import { describe, expect, it } from 'vitest';
import { type Span, TraceStore } from '../../../sample/trace-viewer/index.js';
import { linkTo, span, spanId, TRACE_ID } from './support/spans.js';

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
