import { element } from '../element.js';
import { formatTick } from '../format.js';
import type { TimeScale } from './time-scale.js';

/** The numbers above a waterfall. */
export function timeAxis({ ticks, duration }: TimeScale): HTMLElement {
  const axis = element('div', { class: 'axis', role: 'columnheader' });
  axis.ariaLabel = 'Time since the start';
  axis.append(...ticks.map((tick) => tickAt((tick / duration) * 100, formatTick(tick, duration))));
  return axis;
}

/** The lines behind the bars, once for all rows. */
export function gridLines({ ticks, duration }: TimeScale): HTMLElement {
  const lines = ticks.map((tick) => tickAt((tick / duration) * 100, ''));
  return element(
    'div',
    { class: 'grid-lines', 'aria-hidden': 'true' },
    element('div', { class: 'track' }, ...lines),
  );
}

function tickAt(percent: number, text: string): HTMLElement {
  const tick = element('span', { class: 'tick' }, text);
  tick.style.left = `${percent}%`;
  tick.classList.toggle('last', percent > 92);
  return tick;
}
