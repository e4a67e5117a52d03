import { element, setText } from '../element.js';
import type { TimeScale } from './time-scale.js';

/** About the width of a character, in percent of the axis. */
const CHARACTER = 1.4;
/** A text that is longer is cut where it has no more room. */
const ROOM = 38;

export interface Bar {
  readonly element: HTMLElement;
  update(scale: TimeScale, start: number, duration: number, text: string, problem?: string): void;
  clear(text: string): void;
}

/** A stretch of time on the axis, with its text beside it or in it. */
export function createBar(kind: string): Bar {
  const bar = element('span', { class: `bar ${kind}` });
  const text = element('span', { class: 'bar-text' });
  const problem = element('span', { class: 'bar-problem' });
  const label = element('span', { class: 'bar-label' }, text, problem);
  const track = element('div', { class: 'track', role: 'gridcell' }, bar, label);
  return {
    element: track,
    update(scale, start, duration, words, wrong = '') {
      const left = scale.at(start);
      const right = scale.at(start + duration);
      bar.hidden = false;
      bar.style.left = `${left}%`;
      bar.style.width = `${right - left}%`;
      place(label, left, right, words.length + wrong.length);
      setText(text, words);
      setText(problem, wrong);
    },
    clear(words) {
      bar.hidden = true;
      place(label, 0, 0, words.length);
      setText(text, words);
      setText(problem, '');
    },
  };
}

/** After its bar, or else before it, or in it where it leaves no room on either side. */
function place(label: HTMLElement, left: number, right: number, characters: number): void {
  const needed = Math.min(ROOM, (characters + 4) * CHARACTER);
  const where = 100 - right >= needed ? 'after' : left >= needed ? 'before' : 'inside';
  label.dataset['where'] = where;
  label.style.left = where === 'after' ? `${right}%` : where === 'inside' ? `${left}%` : '';
  label.style.right = where === 'before' ? `${100 - left}%` : '';
  label.style.maxWidth = `${where === 'after' ? 100 - right : where === 'before' ? left : right - left}%`;
}
