import { copyButton } from '../copy-button.js';
import { element } from '../element.js';
import { formatClock, formatDuration, plural, shortId } from '../format.js';
import type { TraceSummary, Waterfall } from '../page-api.js';
import { hashOf } from '../route.js';
import { serviceMark } from '../service-mark.js';

/** What a waterfall is about: the trace, its services, and the traces that are joined to it. */
export function traceHead({
  traceId,
  traces,
  start,
  duration,
  omittedSpans,
  omittedTraces,
}: Waterfall): readonly Node[] {
  const [own, ...joined] = traces;
  const services = [...new Set(traces.flatMap((trace) => trace.services))];
  const spans = traces.reduce((sum, { spanCount }) => sum + spanCount, 0);
  return [
    element(
      'div',
      { class: 'trace-title' },
      element('a', { class: 'back', href: '#/' }, '‹ all traces'),
      element('h2', { id: 'trace-heading' }, own?.title ?? 'Trace'),
      element('span', { class: 'id' }, element('code', {}, traceId), copyButton(traceId, 'the trace id')),
    ),
    element(
      'p',
      { class: 'trace-facts' },
      element('strong', {}, formatDuration(duration)),
      element('span', {}, plural(spans, 'span')),
      element('span', {}, `at ${formatClock(start)}`),
      ...services.map(serviceMark),
    ),
    ...(joined.length > 0 ? [joinedTraces(joined)] : []),
    ...(omittedSpans + omittedTraces > 0 ? [omitted(omittedSpans, omittedTraces)] : []),
  ];
}

function joinedTraces(joined: readonly TraceSummary[]): Node {
  return element(
    'p',
    { class: 'joined-traces' },
    element('span', {}, 'Joined by links:'),
    ...joined.map(({ traceId, title }) =>
      element('a', { href: hashOf({ traceId }) }, `${title} · trace ${shortId(traceId)}`),
    ),
  );
}

function omitted(spans: number, traces: number): Node {
  const what = [
    ...(spans > 0 ? [plural(spans, 'span')] : []),
    ...(traces > 0 ? [plural(traces, 'more linked trace')] : []),
  ];
  return element('p', { class: 'told warning' }, `Not shown, since there are so many: ${what.join(' and ')}`);
}
