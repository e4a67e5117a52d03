import { element, setAttributes, setText } from '../element.js';
import { shortId } from '../format.js';
import { hashOf } from '../route.js';
import type { Row } from '../windowed-rows.js';
import { indent } from './indent.js';
import { type JoinLine, keyOf } from './lines.js';
import type { WaterfallState } from './waterfall-state.js';

/** Says that what follows is another trace, which stands here because of a link; back ends show it elsewhere, if at all. */
export function joinView(line: HTMLElement, state: () => WaterfallState): Row<JoinLine> {
  const words = element('a', { class: 'join', tabindex: -1 });
  const cell = element('div', { class: 'cell', role: 'gridcell' }, words);
  line.classList.add('join-line');
  line.append(cell);
  return {
    element: line,
    update({ row }) {
      indent(cell, row.depth);
      line.dataset['span'] = keyOf(row);
      setAttributes(words, { href: hashOf({ traceId: row.traceId }) });
      const which =
        row.traceId === state().traceId ? 'the trace you opened' : `trace ${shortId(row.traceId)}`;
      setText(words, `joined by a link · ${which}`);
    },
  };
}
