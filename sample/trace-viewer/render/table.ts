import type { Paint, Style } from './paint.js';

/** One run of text in one style. */
export type Segment = readonly [text: string, style?: Style];

/** The segments of each column; columns at the end may be left out. */
export type Row = readonly (readonly Segment[])[];

export type Alignment = 'left' | 'right';

/**
 * Lays rows out in columns, two spaces apart. Widths are taken before painting: colour codes have none. A row's last cell
 * has nothing behind it to align, and so does not widen its column.
 */
export function layOut(rows: readonly Row[], alignments: readonly Alignment[], paint: Paint): string {
  const widths = alignments.map((_, column) =>
    rows.reduce(
      (widest, row) => (column < row.length - 1 ? Math.max(widest, widthOf(row[column] ?? [])) : widest),
      0,
    ),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => fill(cell, widths[column] ?? 0, alignments[column] ?? 'left', paint))
      .join('  '),
  );
  return lines.map((line) => line.trimEnd()).join('\n');
}

function fill(cell: readonly Segment[], width: number, alignment: Alignment, paint: Paint): string {
  const painted = cell.map(([text, style]) => paint(text, style)).join('');
  const padding = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return alignment === 'left' ? painted + padding : padding + painted;
}

function widthOf(cell: readonly Segment[]): number {
  return cell.reduce((sum, [text]) => sum + Array.from(text).length, 0);
}
