import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growth, slope } from '../../../soak/measure/growth.js';

const indexes = Array.from({ length: 16 }, (_, index) => index);

describe('growth', () => {
  it('is none where a series goes up and down', () => {
    expect(growth([15, 20, 15, 18, 20, 16, 17, 20, 15])).toBe(0);
  });

  it('is none of one that only reaches higher once, at the end', () => {
    expect(growth([5, 5, 5, 5, 5, 5, 5, 5, 500])).toBe(0);
  });

  it('is what a leak has added, below noise of any kind', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 16, maxLength: 16 }), (noise) => {
        const leaking = indexes.map((index) => 100 + 5 * index + noise[index]!);
        expect(growth(leaking)).toBeGreaterThan(10);
      }),
    );
  });
});

describe('slope', () => {
  it('is the one of a line', () => {
    expect(
      slope(
        indexes,
        indexes.map((index) => 7 + 3 * index),
      ),
    ).toBeCloseTo(3);
  });

  it('is not bent by a few outliers', () => {
    const heap = indexes.map((index) => (index % 6 === 0 ? 90_000 : 1_000 + (index % 2)));
    expect(Math.abs(slope(indexes, heap))).toBeLessThan(1);
  });

  it('is 0 of a single point', () => {
    expect(slope([1], [5])).toBe(0);
  });
});
