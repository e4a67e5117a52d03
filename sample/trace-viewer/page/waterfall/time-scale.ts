/** Places points in time on the common axis of a waterfall, in percent of its width. */
export interface TimeScale {
  readonly start: number;
  readonly duration: number;
  at(time: number): number;
  /** Where to draw lines: at round numbers of milliseconds since the start. */
  readonly ticks: readonly number[];
}

/** In CSS pixels of the whole waterfall, so that the numbers have room on the axis. */
const WIDTH_OF_TICK = 150;

export function timeScale(start: number, duration: number, width: number): TimeScale {
  // A waterfall of one span without a duration still needs an axis.
  const length = Math.max(duration, 0.001);
  const step = roundStep(length / Math.max(2, width / WIDTH_OF_TICK));
  const ticks: number[] = [];
  for (let tick = 0; tick <= length; tick += step) ticks.push(tick);
  return {
    start,
    duration: length,
    ticks,
    at: (time) => Math.min(100, Math.max(0, ((time - start) / length) * 100)),
  };
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 2.5, 5].find((factor) => factor * power >= least) ?? 10);
}
