import { textOfAttribute } from '../model/attribute-text.js';
import { exceptionOf, type Span, type SpanLink } from '../model/span.js';
import type { FindSpan } from '../model/span-tree.js';
import type { Row, Segment } from './table.js';
import { printable } from './text.js';
import type { TreeRow } from './trace-tree.js';

/** As many as fit a screen; a batch can link to a hundred messages. */
const MAX_LINKS = 8;
const MAX_ATTRIBUTES = 4;

/** The lines below a span: what a business step is about, where it links to, that it failed or nearly did, that its parent is not here. */
export function notesOf({ span, trunk, orphan }: TreeRow, find: FindSpan): readonly Row[] {
  const about = span.kind === 'INTERNAL' ? attributesOf(span) : '';
  const notes: Segment[] = [
    ...(about === '' ? [] : [[about, 'dim'] satisfies Segment]),
    ...span.links.slice(0, MAX_LINKS).map((link): Segment => [`↔ ${targetOf(link, span, find)}`, 'cyan']),
    ...(span.links.length > MAX_LINKS
      ? [[`↔ and ${span.links.length - MAX_LINKS} more`, 'cyan'] satisfies Segment]
      : []),
    ...problemOf(span),
    ...(orphan ? [[`? its parent ${span.parentSpanId} is not here`, 'yellow'] satisfies Segment] : []),
  ];
  return notes.map((note) => [[], [[trunk, 'dim'], note]]);
}

/** The application's own attributes: other kinds of spans have those of the conventions, which fill a screen. */
function attributesOf({ attributes }: Span): string {
  return Object.entries(attributes)
    .filter(([name]) => name !== 'error.type')
    .slice(0, MAX_ATTRIBUTES)
    .map(([name, value]) => `${printable(name)}=${printable(textOfAttribute(value))}`)
    .join('  ');
}

function targetOf(link: SpanLink, from: Span, find: FindSpan): string {
  const target = find(link);
  const name = target ? printable(target.name) : `span ${link.spanId.slice(0, 8)}`;
  return link.traceId === from.traceId ? name : `${name} in trace ${link.traceId}`;
}

function problemOf(span: Span): readonly Segment[] {
  if (span.status.code === 'ERROR') return [[`✗ ${failureOf(span)}`, 'red']];
  const exception = exceptionOf(span);
  return exception === undefined ? [] : [[`! ${printable(exception, 100)}`, 'yellow']];
}

function failureOf({ attributes, status }: Span): string {
  const type = attributes['error.type'];
  const failure = [typeof type === 'string' ? type : '', status.message].filter(Boolean).join(': ');
  return printable(failure || 'failed', 100);
}
