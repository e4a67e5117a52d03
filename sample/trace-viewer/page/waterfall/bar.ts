import { element, setText } from '../element.js';
import type { TimeScale } from './time-scale.js';

/** Past that a text stands before its bar, where there is room. */
const LATE = 62;
/** A bar that leaves no room on either side has its text inside. */
const LONG = 70;

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
      place(label, left, right);
      setText(text, words);
      setText(problem, wrong);
    },
    clear(words) {
      bar.hidden = true;
      place(label, 0, 0);
      setText(text, words);
      setText(problem, '');
    },
  };
}

function place(label: HTMLElement, left: number, right: number): void {
  const where = right <= LATE ? 'after' : left >= 100 - LONG ? 'before' : 'inside';
  label.dataset['where'] = where;
  label.style.left = where === 'after' ? `${right}%` : where === 'inside' ? `${left}%` : '';
  label.style.right = where === 'before' ? `${100 - left}%` : '';
  label.style.maxWidth = `${where === 'after' ? 100 - right : where === 'before' ? left : right - left}%`;
}
