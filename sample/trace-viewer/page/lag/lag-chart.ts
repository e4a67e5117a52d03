import { byId, element, svg } from '../element.js';
import { plural } from '../format.js';
import type { LagSeries } from '../page-api.js';
import { type LagTotal, lagTotals } from './lag-totals.js';

const WIDTH = 340;
const HEIGHT = 44;
/** The chart is never narrower in time than that: the first two points are not a trend. */
const MIN_SPAN_MS = 60_000;

/** Draws how far the consumers are behind, and says it in words. */
export function showLag(series: readonly LagSeries[]): void {
  const totals = lagTotals(series).filter(({ points }) => points.length > 0);
  const behind = totals.filter((total) => mostOf(total) > 0);
  const never = totals.filter((total) => mostOf(total) === 0);
  byId('lag').hidden = totals.length === 0;
  byId('lag-chart').replaceChildren(
    ...(totals.length > 0 ? [chartOf(totals, behind)] : []),
    ...(behind.length > 0 ? [legendOf(behind)] : []),
    ...(never.length > 0 ? [neverBehind(never)] : []),
  );
}

function chartOf(totals: readonly LagTotal[], behind: readonly LagTotal[]): SVGElement {
  const points = totals.flatMap(({ points }) => points);
  const end = Math.max(...points.map(([time]) => time));
  const start = Math.min(end - MIN_SPAN_MS, ...points.map(([time]) => time));
  const top = Math.max(1, ...points.map(([, messages]) => messages));
  const x = (time: number): string => (((time - start) / (end - start)) * WIDTH).toFixed(1);
  const y = (messages: number): string => (HEIGHT - 2 - (messages / top) * (HEIGHT - 6)).toFixed(1);
  return svg(
    'svg',
    {
      role: 'img',
      'aria-label': inWords(totals),
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
    },
    svg('line', { class: 'base', x1: 0, x2: WIDTH, y1: HEIGHT - 2, y2: HEIGHT - 2 }),
    ...behind.map(({ points }, index) =>
      svg('polyline', {
        class: `series-${index % 4}`,
        points: points.map(([time, messages]) => `${x(time)},${y(messages)}`).join(' '),
      }),
    ),
  );
}

function legendOf(totals: readonly LagTotal[]): HTMLElement {
  return element(
    'ul',
    { class: 'legend' },
    ...totals.map((total, index) =>
      element(
        'li',
        { class: `series-${index % 4}`, title: `consumer group ${total.group}` },
        element('span', {}, total.topic),
        element('strong', {}, plural(nowOf(total), 'message')),
        element('span', { class: 'most' }, `most ${mostOf(total).toLocaleString('en')}`),
      ),
    ),
  );
}

/** A line along the bottom for each of them would say less. */
function neverBehind(totals: readonly LagTotal[]): HTMLElement {
  const topics = totals.map(({ topic }) => topic).join(', ');
  return element('p', { class: 'never-behind' }, `0 messages: ${topics}`);
}

function inWords(totals: readonly LagTotal[]): string {
  const each = totals.map(
    (total) =>
      `${total.group} is ${plural(nowOf(total), 'message')} behind on ${total.topic}, at most ${mostOf(total)}`,
  );
  return `Consumer lag over the last minutes: ${each.join('; ')}`;
}

function nowOf({ points }: LagTotal): number {
  return points.at(-1)![1];
}

function mostOf({ points }: LagTotal): number {
  return Math.max(...points.map(([, messages]) => messages));
}
