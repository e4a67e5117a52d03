import { nanosInKafka } from '../model/kafka-hop.js';
import type { FindSpan } from '../model/span-tree.js';
import { durationOf, type Span, type Trace } from '../model/span.js';
import { placeInKafka } from './place-in-kafka.js';
import { notesOf } from './notes.js';
import { paintWith } from './paint.js';
import { type Alignment, layOut, type Row } from './table.js';
import { formatDuration, printable } from './text.js';
import { treeOf, type TreeRow } from './trace-tree.js';

export interface RenderOptions {
  /** @default false */
  readonly color?: boolean;
  /** Finds spans of other traces, so that a link to one shows its name. */
  readonly find?: FindSpan;
}

/** What the signs in a rendered trace mean. */
export const LEGEND = [
  'IN KAFKA  time from the start of the send to the start of the processing',
  '↔ links to another span   ✗ failed   ! an exception that was dealt with   ? its parent is not here',
].join('\n');

const ALIGNMENTS: readonly Alignment[] = ['left', 'left', 'left', 'right', 'left'];
const HEADINGS: Row = ['SERVICE', 'SPAN', 'KIND', 'DURATION', 'IN KAFKA'].map((heading) => [
  [heading, 'dim'],
]);

/** A trace as a tree in text: a line for each span, and one below it for each link, failure and missing parent. */
export function renderTrace(
  trace: Trace,
  { color = false, find = () => undefined }: RenderOptions = {},
): string {
  const paint = paintWith(color);
  const spans = new Map(trace.spans.map((span) => [span.spanId, span]));
  const findAnywhere: FindSpan = (reference) =>
    reference.traceId === trace.traceId ? spans.get(reference.spanId) : find(reference);
  const rows = treeOf(trace).flatMap((row) => [spanRow(row, findAnywhere), ...notesOf(row, findAnywhere)]);
  return `${paint(headline(trace), 'bold')}\n${layOut([HEADINGS, ...rows], ALIGNMENTS, paint)}`;
}

function headline({ traceId, spans }: Trace): string {
  if (spans.length === 0) return `trace ${traceId}  no spans`;
  const services = new Set(spans.map(({ serviceName }) => serviceName)).size;
  const start = spans
    .map(({ startUnixNano }) => startUnixNano)
    .reduce((one, other) => (one < other ? one : other));
  const end = spans.map(({ endUnixNano }) => endUnixNano).reduce((one, other) => (one > other ? one : other));
  const duration = formatDuration(end > start ? end - start : 0n);
  return `trace ${traceId}  ${count(spans.length, 'span')}, ${count(services, 'service')}, ${duration}`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function spanRow({ span, branch }: TreeRow, find: FindSpan): Row {
  return [
    [[printable(span.serviceName), 'cyan']],
    [[branch, 'dim'], span.status.code === 'ERROR' ? [printable(span.name), 'red'] : [printable(span.name)]],
    [[span.kind, 'dim']],
    [[formatDuration(durationOf(span))]],
    [[inKafka(span, find)]],
  ];
}

function inKafka(span: Span, find: FindSpan): string {
  if (span.kind !== 'CONSUMER') return '';
  const nanos = nanosInKafka(span, find);
  return [nanos === undefined ? '' : formatDuration(nanos), placeInKafka(span)].filter(Boolean).join('  ');
}
