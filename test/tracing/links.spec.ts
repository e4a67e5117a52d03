import type { Link, SpanContext } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { SpanLinks } from '../../lib/tracing/links.js';
import { remoteSpan } from '../support/trace-context.js';

const linksTo = (contexts: readonly (SpanContext | undefined)[], most?: number): readonly Link[] =>
  new SpanLinks(most).addAll(contexts).all;

describe('links', () => {
  it('are to the contexts that there are, in their order', () => {
    const [one, other] = [remoteSpan(1), remoteSpan(2)];
    expect(linksTo([undefined, other, undefined, one])).toEqual([{ context: other }, { context: one }]);
  });

  it('are to each span once, to the first context that has it', () => {
    const first = remoteSpan(1);
    const [link, ...others] = linksTo([first, { ...first }, first]);
    expect(link?.context).toBe(first);
    expect(others).toEqual([]);
  });

  it.each(['traceId', 'spanId'] as const)('are to two spans that differ in the %s alone', (id) => {
    const one = remoteSpan(1);
    const other = { ...one, [id]: remoteSpan(2)[id] };
    expect(linksTo([one, other])).toEqual([{ context: one }, { context: other }]);
  });

  it.each(['traceId', 'spanId'] as const)('are to many spans that differ in the %s alone', (id) => {
    const contexts = Array.from({ length: 20 }, (_, number) => ({
      ...remoteSpan(1),
      [id]: remoteSpan(number)[id],
    }));
    expect(linksTo([...contexts, ...contexts])).toEqual(contexts.map((context) => ({ context })));
  });

  it('are no more than wanted: 128 where nothing is said', () => {
    const contexts = Array.from({ length: 200 }, (_, number) => remoteSpan(number));
    expect(linksTo(contexts, 2)).toEqual(contexts.slice(0, 2).map((context) => ({ context })));
    expect(linksTo(contexts, 0)).toEqual([]);
    expect(linksTo(contexts)).toHaveLength(128);
  });

  it('are to spans that were started just now among others, in their order, and no more than wanted', () => {
    const links = new SpanLinks(12);
    const expected: SpanContext[] = [];
    for (let number = 0; number < 20; number += 1) {
      const [isNew, given] = [remoteSpan(1_000 + number), remoteSpan(number % 5)]; // Others are given four times.
      links.addNew(isNew);
      links.add(given);
      links.addNew(undefined);
      expected.push(isNew, ...(number < 5 ? [given] : []));
    }
    expect(links.all).toEqual(expected.slice(0, 12).map((context) => ({ context })));
  });

  it('cost no more for each context the more there are', () => {
    expect(readsOf(3_000) - readsOf(2_000)).toBe(readsOf(2_000) - readsOf(1_000));
  });
});

/** How often the ids of so many contexts are read for links to all of them. */
function readsOf(count: number): number {
  let reads = 0;
  const contexts = Array.from({ length: count }, (_, number): SpanContext => {
    const { traceId, spanId, traceFlags } = remoteSpan(0x1_0000 + number); // None of them has the span id of another.
    return {
      traceFlags,
      get traceId() {
        reads += 1;
        return traceId;
      },
      get spanId() {
        reads += 1;
        return spanId;
      },
    };
  });
  expect(linksTo(contexts, count)).toHaveLength(count);
  return reads;
}
