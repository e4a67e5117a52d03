import { element, setText } from '../element.js';
import { formatAge, formatDuration, plural } from '../format.js';
import type { TraceSummary } from '../page-api.js';
import { serviceMark } from '../service-mark.js';
import type { Row } from '../windowed-rows.js';

/** How a line stands to the keyboard and to what is shown beside the list. */
export interface LineState {
  readonly opened: boolean;
  readonly atCursor: boolean;
  readonly total: number;
}

/** One trace in the list: its name and how long it took; its services; what is special about it. */
export function traceLine(stateOf: (trace: TraceSummary) => LineState): Row<TraceSummary> {
  const title = element('strong', { class: 'title' });
  const duration = element('span', { class: 'duration' });
  const services = element('span', { class: 'services' });
  const age = element('span', { class: 'age' });
  const badges = element('span', { class: 'badges' });
  const line = element(
    'div',
    { class: 'trace-line', role: 'option' },
    title,
    duration,
    services,
    age,
    badges,
  );
  let shown: TraceSummary | undefined;
  return {
    element: line,
    update(trace, index) {
      const { opened, atCursor, total } = stateOf(trace);
      line.id = lineId(trace.traceId);
      line.dataset['trace'] = trace.traceId;
      line.ariaSelected = String(opened);
      line.ariaPosInSet = String(index + 1);
      line.ariaSetSize = String(total);
      line.classList.toggle('cursor', atCursor);
      setText(age, formatAge(Date.now() - trace.start));
      if (trace === shown) return;
      shown = trace;
      setText(title, trace.title);
      setText(duration, formatDuration(trace.duration));
      services.replaceChildren(...trace.services.map((service) => serviceMark(service)));
      badges.replaceChildren(...badgesOf(trace));
    },
  };
}

export function lineId(traceId: string): string {
  return `trace-${traceId}`;
}

function badgesOf(trace: TraceSummary): readonly Node[] {
  return [
    ...badge('error', trace.errorCount, 'error'),
    ...badge('retry', trace.retryCount, 'retry', 'retries'),
    ...badge('link', trace.linkedTraceCount, 'linked trace'),
    ...badge('', trace.spanCount, 'span'),
    ...badge('', trace.messageCount, 'message'),
  ];
}

function badge(kind: string, amount: number, noun: string, nouns?: string): readonly Node[] {
  return amount > 0 ? [element('span', { class: `badge ${kind}` }, plural(amount, noun, nouns))] : [];
}
