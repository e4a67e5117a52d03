import { element } from '../element.js';
import type { Row } from '../windowed-rows.js';
import { hopView } from './hop-view.js';
import { joinView } from './join-view.js';
import type { HopLine, JoinLine, Line, SpanLine } from './lines.js';
import { spanView } from './span-view.js';
import type { WaterfallState } from './waterfall-state.js';

/** A line of any type; a key never changes its type, so it is made once. */
export function lineView(state: () => WaterfallState): Row<Line> {
  const line = element('div', { class: 'line', role: 'row' });
  let span: Row<SpanLine> | undefined;
  let hop: Row<HopLine> | undefined;
  let join: Row<JoinLine> | undefined;
  return {
    element: line,
    update(item, index) {
      line.ariaRowIndex = String(index + 2); // The axis is the first row.
      line.classList.toggle('joined', item.row.traceId !== state().traceId);
      if (item.type === 'span') (span ??= spanView(line, state)).update(item, index);
      else if (item.type === 'join') (join ??= joinView(line, state)).update(item, index);
      else (hop ??= hopView(line, state)).update(item, index);
    },
  };
}
