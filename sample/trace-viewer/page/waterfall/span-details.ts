import { copyButton } from '../copy-button.js';
import { element } from '../element.js';
import { formatClock, formatDuration } from '../format.js';
import type { KafkaHop, LinkedSpan, WaterfallRow } from '../page-api.js';
import { serviceMark } from '../service-mark.js';
import { describe, goesTo } from './link-chips.js';

type Pairs = readonly (readonly [name: string, value: string | Node])[];

/** All that is known of one span. */
export function spanDetails(row: WaterfallRow, traceStart: number): readonly Node[] {
  return [
    element(
      'header',
      {},
      element('h3', {}, row.name),
      serviceMark(row.service),
      element('span', { class: 'kind' }, row.kind.toLowerCase()),
      element('span', { class: 'timing' }, timingOf(row, traceStart)),
    ),
    ...problemOf(row),
    element(
      'div',
      { class: 'facts' },
      ...linksOf(row),
      ...(row.kafka ? [block('On the way through Kafka', list(kafkaFacts(row.kafka)))] : []),
      ...eventsOf(row),
      ...(row.attributes.length > 0 ? [block('Attributes', list(row.attributes))] : []),
      block('Identity', list(identityOf(row))),
    ),
  ];
}

function timingOf({ start, duration }: WaterfallRow, traceStart: number): string {
  return `${formatDuration(duration)} · begins at ${formatDuration(Math.max(0, start - traceStart))} · ${formatClock(start)}`;
}

function problemOf({ error, exception, attempt }: WaterfallRow): readonly Node[] {
  return [
    ...told('error', error === undefined ? '' : `✗ ${error}`),
    ...told('warning', exception === undefined ? '' : `! ${exception}, which was dealt with`),
    ...told('warning', attempt === undefined ? '' : `Delivery number ${attempt} of this message`),
  ];
}

function told(kind: string, text: string): readonly Node[] {
  return text === '' ? [] : [element('p', { class: `told ${kind}` }, text)];
}

function linksOf({ links, linkedFrom, traceId }: WaterfallRow): readonly Node[] {
  const targets = (heading: string, spans: readonly LinkedSpan[]): readonly Node[] =>
    spans.length === 0
      ? []
      : [
          block(
            heading,
            element(
              'ul',
              { class: 'links' },
              ...spans.map((span) => element('li', {}, target(span, traceId))),
            ),
          ),
        ];
  return [...targets('→ Links to', links), ...targets('← Linked from', linkedFrom)];
}

function target(span: LinkedSpan, traceId: string): Node {
  const words = describe(span, traceId);
  if (span.name === undefined) return element('span', { class: 'away' }, `${words}, which is not here`);
  return element(
    'span',
    {},
    element('button', { type: 'button', class: 'go', ...goesTo(span) }, words),
    span.service !== undefined && serviceMark(span.service),
  );
}

function kafkaFacts({ topic, partition, offset, group, duration }: KafkaHop): Pairs {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['topic', topic],
    ['partition', partition],
    ['offset', offset],
    ['consumer group', group],
    ['time on the way', duration === undefined ? undefined : formatDuration(duration)],
  ];
  return facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
}

function identityOf({ traceId, spanId, scope, placedBy, orphan }: WaterfallRow): Pairs {
  return [
    ['trace id', identifier(traceId, 'the trace id')],
    ['span id', identifier(spanId, 'the span id')],
    ['made by', scope],
    ...(placedBy === 'link' ? [['stands here', 'because it links to the span above it'] as const] : []),
    ...(orphan ? [['its parent', 'is not here: not arrived, not sampled, or lost'] as const] : []),
  ];
}

function identifier(id: string, what: string): Node {
  return element('span', { class: 'id' }, element('code', {}, id), copyButton(id, what));
}

function eventsOf({ events, start }: WaterfallRow): readonly Node[] {
  return events.map(({ name, time, attributes }) =>
    block(`Event ${name}, after ${formatDuration(Math.max(0, time - start))}`, list(attributes)),
  );
}

function block(heading: string, content: Node): Node {
  return element('section', {}, element('h4', {}, heading), content);
}

function list(pairs: Pairs): Node {
  return element(
    'dl',
    {},
    ...pairs.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}
