import type { KafkaHop, WaterfallRow } from '../page-api.js';

/**
 * What a waterfall shows, line by line: its spans, before a consumer's the message's way to it, and before the spans of another
 * trace that they are of another.
 */
export type Line = SpanLine | HopLine | JoinLine;

export interface SpanLine {
  readonly type: 'span';
  readonly row: WaterfallRow;
  /** Whether lines below belong to it, and whether they are shown. */
  readonly parent: boolean;
  readonly expanded: boolean;
}

export interface HopLine {
  readonly type: 'hop';
  readonly row: WaterfallRow;
  readonly kafka: KafkaHop;
}

export interface JoinLine {
  readonly type: 'join';
  readonly row: WaterfallRow;
}

export interface SpanKey {
  readonly traceId: string;
  readonly spanId: string;
}

/** Two traces may have spans of one id. */
export function keyOf({ traceId, spanId }: SpanKey): string {
  return `${traceId}-${spanId}`;
}

export function keyOfLine({ type, row }: Line): string {
  return `${type}-${keyOf(row)}`;
}

/** The lines that are not below a collapsed span. */
export function linesOf(rows: readonly WaterfallRow[], collapsed: ReadonlySet<string>): readonly Line[] {
  const lines: Line[] = [];
  let hiddenBelow = Infinity;
  rows.forEach((row, index) => {
    if (row.depth > hiddenBelow) return;
    const parent = (rows[index + 1]?.depth ?? -1) > row.depth;
    const expanded = !(parent && collapsed.has(keyOf(row)));
    hiddenBelow = expanded ? Infinity : row.depth;
    if (row.placedBy === 'link') lines.push({ type: 'join', row });
    if (row.kafka) lines.push({ type: 'hop', row, kafka: row.kafka });
    lines.push({ type: 'span', row, parent, expanded });
  });
  return lines;
}
