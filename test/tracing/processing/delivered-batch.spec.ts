import { describe, expect, it } from 'vitest';
import type { DescribedMessage } from '../../../lib/tracing/attributes.js';
import { DeliveredBatch } from '../../../lib/tracing/processing/delivered-batch.js';

const MESSAGES: readonly DescribedMessage[] = ['7', '9', '12'].map((offset) => ({
  offset,
  value: Buffer.from(`{"offset":${offset}}`),
  headers: { a: 'b' },
}));

const [first, second] = MESSAGES as [DescribedMessage, DescribedMessage];

function batchOf(messages = MESSAGES, countOf = (_offset: string | undefined): number => 1): DeliveredBatch {
  return new DeliveredBatch({}, 'orders', 3, messages, { count: 1, countOf });
}

describe('a delivered batch', () => {
  it('finds each of its messages', () => {
    const batch = batchOf();
    for (const message of MESSAGES) {
      expect(batch.find(message)).toBe(message);
    }
  });

  it('finds a message by a copy whose value was parsed: it shares its headers', () => {
    expect(batchOf().find({ ...second, value: { offset: 9 } })).toBe(second);
  });

  it.each<[what: string, candidate: DescribedMessage]>([
    ['an offset that it has not', { ...first, offset: '8' }],
    ['an offset that it has not, and headers that it has', { offset: '8', headers: first.headers }],
    ['an offset of another partition', { ...first, headers: { a: 'b' } }],
    ['the headers of the next one', { ...first, headers: second.headers }],
    ['the headers of the one before', { ...second, headers: first.headers }],
    ['no offset', { value: first.value, headers: first.headers }],
    ['no headers', { offset: first.offset }],
    ['nothing at all', {}],
  ])('does not find a message with %s', (_what, candidate) => {
    expect(batchOf().find(candidate)).toBeUndefined();
  });

  it('finds nothing where it is empty', () => {
    expect(batchOf([]).find(first)).toBeUndefined();
  });

  it('knows how often each of its messages was delivered', () => {
    const batch = batchOf(MESSAGES, (offset) => (offset === '7' ? 3 : 1));
    expect(MESSAGES.map((message) => batch.seen(message))).toEqual([3, 1, 1]);
  });
});
