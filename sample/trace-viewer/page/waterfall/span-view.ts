import { element, setAttributes, setText } from '../element.js';
import { formatDuration } from '../format.js';
import type { WaterfallRow } from '../page-api.js';
import { paintService } from '../service-hue.js';
import type { Row } from '../windowed-rows.js';
import { createBar } from './bar.js';
import { indent } from './indent.js';
import { keyOf, type SpanLine } from './lines.js';
import { linkChips } from './link-chips.js';
import type { WaterfallState } from './waterfall-state.js';

/** A span: its name below what it belongs to, and its time on the axis. */
export function spanView(line: HTMLElement, state: () => WaterfallState): Row<SpanLine> {
  const toggle = element('span', { class: 'toggle', 'aria-hidden': 'true' });
  const name = element('span', { class: 'name' });
  const kind = element('span', { class: 'kind' });
  const service = element('span', { class: 'service-label' });
  const chips = element('span', { class: 'chips' });
  const cell = element(
    'div',
    { class: 'cell', role: 'gridcell' },
    toggle,
    element('span', { class: 'service-spot', 'aria-hidden': 'true' }),
    name,
    element('span', { class: 'about' }, kind, service),
    chips,
  );
  const bar = createBar('span');
  line.classList.add('span-line');
  line.append(cell, bar.element);
  let shown: WaterfallRow | undefined;
  return {
    element: line,
    update({ row, parent, expanded }, index) {
      const { scale, cursor, serviceAbove } = state();
      const key = keyOf(row);
      setAttributes(line, {
        id: `span-${key}`,
        'data-span': key,
        'aria-level': row.depth + 1,
        'aria-expanded': parent ? String(expanded) : undefined,
        'aria-selected': String(key === cursor),
      });
      line.classList.toggle('failed', row.error !== undefined);
      setText(service, serviceAbove(index) === row.service ? '' : row.service);
      bar.update(scale, row.start, row.duration, formatDuration(row.duration), problemOf(row));
      if (row === shown) return;
      shown = row;
      indent(cell, row.depth);
      paintService(line, row.service);
      setText(name, row.name);
      setText(kind, row.kind === 'UNSPECIFIED' ? '' : row.kind.toLowerCase());
      chips.replaceChildren(...marksOf(row), ...linkChips(row));
    },
  };
}

function problemOf({ error, exception }: WaterfallRow): string {
  if (error !== undefined) return `✗ ${error}`;
  return exception === undefined ? '' : `! ${exception}`;
}

function marksOf({ attempt, orphan }: WaterfallRow): readonly Node[] {
  const words = [
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(orphan ? ['parent not here'] : []),
  ];
  return words.map((text) => element('span', { class: 'badge retry' }, text));
}
