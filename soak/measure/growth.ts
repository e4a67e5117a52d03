/** One thing that is measured at every checkpoint. */
export type Series = readonly number[];

export function median(values: Series): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The slope of a line through points that a few outliers do not bend: the median of the slopes between any two (Theil and
 * Sen).
 *
 * @returns growth of `y` per unit of `x`; 0 where there are no two points
 */
export function slope(xs: Series, ys: Series): number {
  const slopes: number[] = [];
  for (let one = 0; one < xs.length; one++) {
    for (let other = one + 1; other < xs.length; other++) {
      slopes.push((ys[other]! - ys[one]!) / (xs[other]! - xs[one]!));
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}

/**
 * By how much the last third of a series lies above the first, as a whole: what goes up and down has growth 0, what a leak
 * adds to stays.
 */
export function growth(values: Series): number {
  const third = Math.max(1, Math.floor(values.length / 3));
  return Math.max(0, Math.min(...values.slice(-third)) - Math.max(...values.slice(0, third)));
}
