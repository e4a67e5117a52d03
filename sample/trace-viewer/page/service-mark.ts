import { element } from './element.js';
import { paintService } from './service-hue.js';

/** A service's name behind a spot in its hue. */
export function serviceMark(service: string): HTMLElement {
  const mark = element('span', { class: 'service' }, service);
  paintService(mark, service);
  return mark;
}
