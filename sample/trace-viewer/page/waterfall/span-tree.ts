import type { WaterfallRow } from '../page-api.js';
import { keyOf, type Line, linesOf } from './lines.js';

/** The spans of a waterfall as a tree whose branches can be collapsed. */
export class SpanTree {
  readonly #collapsed = new Set<string>();
  #rows: readonly WaterfallRow[] = [];

  get rows(): readonly WaterfallRow[] {
    return this.#rows;
  }

  /** The lines that are not below a collapsed span. */
  get lines(): readonly Line[] {
    return linesOf(this.#rows, this.#collapsed);
  }

  /** What is collapsed stays so. */
  replace(rows: readonly WaterfallRow[]): void {
    this.#rows = rows;
  }

  find(key: string): WaterfallRow | undefined {
    return this.#rows.find((row) => keyOf(row) === key);
  }

  isCollapsed(row: WaterfallRow): boolean {
    return this.#collapsed.has(keyOf(row));
  }

  toggle(row: WaterfallRow): void {
    const key = keyOf(row);
    if (!this.#collapsed.delete(key)) this.#collapsed.add(key);
  }

  parentOf(row: WaterfallRow): WaterfallRow | undefined {
    const index = this.#rows.indexOf(row);
    return this.#rows.slice(0, Math.max(0, index)).findLast(({ depth }) => depth < row.depth);
  }

  firstChildOf(row: WaterfallRow): WaterfallRow | undefined {
    const below = this.#rows[this.#rows.indexOf(row) + 1];
    return below && below.depth > row.depth ? below : undefined;
  }

  /** Opens whatever hides a span. */
  expandTo(row: WaterfallRow): void {
    for (let above = this.parentOf(row); above; above = this.parentOf(above)) {
      this.#collapsed.delete(keyOf(above));
    }
  }
}
