import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameSpan, type Span } from '../../../sample/trace-viewer/index.js';
import { placeSpans } from '../../../sample/trace-viewer/model/span-tree.js';
import { linkTo, span } from './support/spans.js';

const trace = (name: string): string => name.padStart(32, '0');
const inTrace = (name: string, one: Span): Span => ({ ...one, traceId: trace(name) });

const numberedId = (index: number): string => index.toString(16).padStart(16, '0');

/** A trace of its own that links to span 01. */
const delivery = (name: string, from: number): Span =>
  inTrace(name, span(`0${name}`, undefined, from, from + 1, { links: [linkTo('01')] }));

const joined = (...spans: readonly Span[]): readonly string[] =>
  placeSpans(spans, { joinLinks: true }).map(
    (row) => `${'  '.repeat(row.depth)}${row.span.name} ${row.placedBy}${row.orphan ? ' orphan' : ''}`,
  );

describe('placeSpans', () => {
  it('puts a root that links to a span of another trace below that span', () => {
    expect(
      joined(
        inTrace('b', span('04', undefined, 20, 30, { links: [linkTo('03', trace('a'))] })),
        inTrace('b', span('05', '04', 21, 29)),
        inTrace('a', span('01', undefined, 0, 10)),
        inTrace('a', span('03', '01', 5, 9)),
      ),
    ).toEqual(['span 01 root', '  span 03 parent', '    span 04 link', '      span 05 parent']);
  });

  it('leaves a span below its parent, whatever it links to', () => {
    expect(
      joined(
        span('01', undefined, 0, 9),
        span('02', '01', 1, 2),
        span('03', '01', 3, 4, { links: [linkTo('02')] }),
      ),
    ).toEqual(['span 01 root', '  span 02 parent', '  span 03 parent']);
  });

  it('leaves links alone unless it is told to join by them', () => {
    const spans = [span('01', undefined, 0, 1), span('02', undefined, 0, 1, { links: [linkTo('01')] })];
    expect(placeSpans(spans).map(({ placedBy }) => placedBy)).toEqual(['root', 'root']);
  });

  it('puts an orphan below the first span that it links to and that is here, and still calls it an orphan', () => {
    const links = [linkTo('0e'), linkTo('02'), linkTo('01')];
    expect(
      joined(span('01', undefined, 0, 1), span('02', '01', 0, 1), span('03', '0f', 2, 3, { links })),
    ).toEqual(['span 01 root', '  span 02 parent', '    span 03 link orphan']);
  });

  it.each([
    ['to itself', linkTo('01')],
    ['to a span that is not here', linkTo('0f')],
  ])('leaves a root that links only %s at the top', (_where, link) => {
    expect(joined(span('01', undefined, 0, 1, { links: [link] }))).toEqual(['span 01 root']);
  });

  it('shows what is below one span in the order of its start, over all traces', () => {
    expect(
      joined(span('01', undefined, 0, 1), delivery('c', 30), delivery('a', 10), delivery('b', 20)),
    ).toEqual(['span 01 root', '  span 0a link', '  span 0b link', '  span 0c link']);
  });

  it('cuts traces that link to each other at a link, above the earliest of them', () => {
    const spans = [
      inTrace('b', span('03', undefined, 5, 9, { links: [linkTo('02', trace('a'))] })),
      inTrace('b', span('04', '03', 4, 5)),
      inTrace('a', span('01', undefined, 1, 9, { links: [linkTo('04', trace('b'))] })),
      inTrace('a', span('02', '01', 0, 9)),
    ];
    const expected = ['span 01 root', '  span 02 parent', '    span 03 link', '      span 04 parent'];
    expect(joined(...spans)).toEqual(expected);
    expect(joined(...spans.toReversed())).toEqual(expected);
  });

  it('keeps what hangs off a ring below it, and does not say that its parent is missing', () => {
    expect(joined(span('03', '02', 0, 1), span('01', '02', 1, 9), span('02', '01', 2, 9))).toEqual([
      'span 01 root',
      '  span 02 parent',
      '    span 03 parent',
    ]);
  });

  it('places a chain of ten thousand spans, and a ring of as many', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => ({
      ...span('01', undefined, 0, 1),
      spanId: numberedId(index + 1),
      parentSpanId: index === 0 ? undefined : numberedId(index),
    }));
    expect(placeSpans(chain).at(-1)?.depth).toBe(9999);
    const ring = chain.map((one, index) =>
      index === 0 ? { ...one, parentSpanId: numberedId(10_000) } : one,
    );
    expect(placeSpans(ring).map(({ depth }) => depth)).toEqual(chain.map((_, index) => index));
  });

  it('shows every span once, below what it belongs to, whatever spans say of each other', () => {
    const name = fc.integer({ min: 0, max: 9 });
    const anySpan = fc.record({
      parent: fc.option(name),
      links: fc.array(name, { maxLength: 3 }),
      from: name,
    });
    fc.assert(
      fc.property(fc.array(anySpan, { maxLength: 8 }), (drawn) => {
        const spans = drawn.map(({ parent, links, from }, index) =>
          span(`0${index}`, parent === null ? undefined : `0${parent}`, from, from + 1, {
            links: links.map((target) => linkTo(`0${target}`)),
          }),
        );
        const rows = placeSpans(spans, { joinLinks: true });
        expect(rows.map((row) => row.span).toSorted(byId)).toEqual(spans);
        const above: Span[] = [];
        for (const row of rows) {
          expect(row.depth).toBeLessThanOrEqual(above.length);
          above.length = row.depth;
          expect(belongs(row, above.at(-1))).toBe(true);
          expect(row.orphan).toBe(
            row.span.parentSpanId !== undefined && !spans.some((one) => one.spanId === row.span.parentSpanId),
          );
          above.push(row.span);
        }
      }),
    );
  });
});

/** What a row says of why it stands below a span, or of nothing, is true. */
function belongs({ span: one, placedBy }: ReturnType<typeof placeSpans>[number], above?: Span): boolean {
  if (!above) return placedBy === 'root';
  if (placedBy === 'parent') return above.spanId === one.parentSpanId;
  return placedBy === 'link' && one.links.some((link) => isSameSpan(link, above));
}

function byId(one: Span, other: Span): number {
  return one.spanId < other.spanId ? -1 : 1;
}
