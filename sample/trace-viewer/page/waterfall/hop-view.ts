import { element, setText } from '../element.js';
import { formatDuration } from '../format.js';
import type { KafkaHop } from '../page-api.js';
import type { Row } from '../windowed-rows.js';
import { createBar } from './bar.js';
import { indent } from './indent.js';
import { type HopLine, keyOf } from './lines.js';
import type { WaterfallState } from './waterfall-state.js';

/** The message's way through Kafka, before the span that handles it. It is no span of anybody: its bar is hatched. */
export function hopView(line: HTMLElement, state: () => WaterfallState): Row<HopLine> {
  const topic = element('span', { class: 'name' });
  const place = element('span', { class: 'place' });
  const name = element(
    'div',
    { class: 'cell', role: 'gridcell' },
    element('span', { class: 'hop-sign', 'aria-hidden': 'true' }),
    topic,
    place,
  );
  const bar = createBar('hop');
  line.classList.add('hop-line');
  line.append(name, bar.element);
  return {
    element: line,
    update({ row, kafka }) {
      const { scale } = state();
      indent(name, row.depth);
      line.dataset['span'] = keyOf(row);
      setText(topic, kafka.topic ?? 'Kafka');
      setText(place, placeOf(kafka));
      if (kafka.sentAt === undefined || kafka.duration === undefined) bar.clear('its send is not here');
      else bar.update(scale, kafka.sentAt, kafka.duration, onTheWay(kafka.duration, row.attempt));
    },
  };
}

/** Of a message that is delivered again, what passed since its send is no way through Kafka any more. */
function onTheWay(duration: number, attempt: number | undefined): string {
  const time = formatDuration(duration);
  return attempt === undefined ? `${time} on the way` : `delivered again, ${time} after the send`;
}

function placeOf({ partition, offset }: KafkaHop): string {
  return [partition !== undefined && `partition ${partition}`, offset !== undefined && `offset ${offset}`]
    .filter(Boolean)
    .join(' · ');
}
