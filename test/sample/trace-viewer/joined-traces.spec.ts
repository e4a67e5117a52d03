import { describe, expect, it } from 'vitest';
import { joinedTraces, type Span, TraceStore } from '../../../sample/trace-viewer/index.js';
import { span } from './support/spans.js';

const trace = (index: number): string => (index + 1).toString(16).padStart(32, '0');

const FIRST = '1'.padStart(16, '0');

/** A trace of one span, or of more, whose first span links to the first spans of others. */
function traceOf(index: number, linksTo: readonly number[] = [], spans = 1): readonly Span[] {
  return Array.from({ length: spans }, (_, at) => ({
    ...span('01', undefined, index, index + 1, {
      links:
        at === 0 ? linksTo.map((target) => ({ traceId: trace(target), spanId: FIRST, attributes: {} })) : [],
    }),
    spanId: (at + 1).toString(16).padStart(16, '0'),
    traceId: trace(index),
  }));
}

function storeOf(...traces: readonly (readonly Span[])[]): TraceStore {
  const store = new TraceStore();
  store.add(traces.flat());
  return store;
}

const idsOf = (store: TraceStore, from: number, limits = {}): readonly string[] | undefined =>
  joinedTraces(store, trace(from), limits)?.traces.map(({ traceId }) => traceId);

describe('joinedTraces', () => {
  it('is undefined of a trace that is not held', () => {
    expect(joinedTraces(new TraceStore(), trace(1))).toBeUndefined();
  });

  it('follows links in both directions, over any number of steps, the nearest first', () => {
    const store = storeOf(traceOf(0, [1]), traceOf(1, [2]), traceOf(2), traceOf(3, [2]), traceOf(4));
    expect(idsOf(store, 0)).toEqual([0, 1, 2, 3].map(trace));
    expect(idsOf(store, 2)).toEqual([2, 1, 3, 0].map(trace));
    expect(idsOf(store, 4)).toEqual([4].map(trace));
  });

  it('comes to an end where traces link to each other, to themselves, and to what is not here', () => {
    const store = storeOf(traceOf(0, [1, 0]), traceOf(1, [2, 77]), traceOf(2, [0]));
    const joined = joinedTraces(store, trace(1));
    expect(joined?.traces).toHaveLength(3);
    expect(joined).toMatchObject({ omittedTraces: 0, omittedSpans: 0 });
  });

  it('finds a trace that arrives late', () => {
    const store = storeOf(traceOf(0, [1]));
    expect(idsOf(store, 0)).toEqual([0].map(trace));
    store.add(traceOf(1));
    expect(idsOf(store, 0)).toEqual([0, 1].map(trace));
  });

  it('leaves out the traces that are too many, and says how many', () => {
    const targets = Array.from({ length: 99 }, (_, index) => index + 1);
    const store = storeOf(traceOf(0, targets), ...targets.map((index) => traceOf(index, [], 2)));
    const joined = joinedTraces(store, trace(0));
    expect(joined?.traces).toHaveLength(50);
    expect(joined).toMatchObject({ omittedTraces: 50, omittedSpans: 100 });
  });

  it('leaves out the spans that are too many, the earliest trace whole, and says how many', () => {
    const store = storeOf(traceOf(0, [1, 2], 3), traceOf(1, [], 3), traceOf(2, [], 3));
    const joined = joinedTraces(store, trace(0), { maxSpans: 5 });
    expect(joined?.traces.map(({ spans }) => spans.length)).toEqual([3, 2]);
    expect(joined).toMatchObject({ omittedTraces: 1, omittedSpans: 4 });
  });

  it('joins a batch of a thousand messages, each handled in a trace of its own', () => {
    const store = storeOf(traceOf(0, [], 1), ...Array.from({ length: 999 }, (_, at) => traceOf(at + 1, [0])));
    const joined = joinedTraces(store, trace(0), { maxTraces: 1000 });
    expect(joined?.traces).toHaveLength(1000);
    expect(joined).toMatchObject({ omittedTraces: 0, omittedSpans: 0 });
  });
});
