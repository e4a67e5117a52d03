import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryAttempts } from '../../../lib/tracing/processing/delivery-attempts.js';

interface HandedOver {
  readonly partition: number;
  readonly first: number;
  readonly count: number;
}

/** One number for each message that was handed over, and is not behind what is handed over now. */
class Counted {
  readonly #partitions = new Map<number, { first: number; counts: Map<number, number> }>();

  next({ partition, first, count }: HandedOver): readonly number[] {
    const before = this.#partitions.get(partition);
    const counts = new Map(before === undefined || first < before.first ? [] : before.counts);
    this.#partitions.set(partition, { first, counts });
    [...counts.keys()].filter((offset) => offset < first).forEach((offset) => counts.delete(offset));
    return Array.from({ length: count }, (_, index) => {
      const attempts = (counts.get(first + index) ?? 0) + 1;
      counts.set(first + index, attempts);
      return attempts;
    });
  }
}

const handedOver = fc.record({
  partition: fc.integer({ min: 0, max: 1 }),
  first: fc.integer({ min: 0, max: 12 }),
  count: fc.integer({ min: 1, max: 6 }),
});

describe('DeliveryAttempts', () => {
  it('counts as somebody who keeps one number for each message', () => {
    fc.assert(
      fc.property(fc.array(handedOver, { maxLength: 20 }), (all) => {
        const attempts = new DeliveryAttempts();
        const counted = new Counted();
        for (const { partition, first, count } of all) {
          const expected = counted.next({ partition, first, count });
          const last = first + count - 1;
          const attempt = attempts.nextBatch('orders', partition, String(first), String(last));
          expect(attempt.count).toBe(expected[0]);
          expect(expected.map((_, index) => attempt.countOf(String(first + index)))).toEqual(expected);
        }
      }),
    );
  });

  it('counts a message as a batch of one', () => {
    fc.assert(
      fc.property(fc.array(handedOver, { maxLength: 20 }), (all) => {
        const ofMessages = new DeliveryAttempts();
        const ofBatches = new DeliveryAttempts();
        for (const { partition, first } of all) {
          const offset = String(first);
          expect(ofMessages.next('orders', partition, offset)).toBe(
            ofBatches.nextBatch('orders', partition, offset, offset).count,
          );
        }
      }),
    );
  });

  it('lets a batch keep its numbers when the next one is handed over', () => {
    const attempts = new DeliveryAttempts();
    attempts.nextBatch('orders', 0, '0', '9');
    const again = attempts.nextBatch('orders', 0, '5', '9');
    attempts.nextBatch('orders', 0, '5', '9');

    expect(again.count).toBe(2);
    expect(again.countOf('7')).toBe(2);
  });

  it('counts a message whose offset is no number as new, and those after it as before', () => {
    const attempts = new DeliveryAttempts();
    const counts = ['none', 'none', '4', '4', 'none', '5', '5'].map((offset) =>
      attempts.next('orders', 0, offset),
    );

    expect(counts).toEqual([1, 1, 1, 2, 1, 1, 2]);
  });
});
