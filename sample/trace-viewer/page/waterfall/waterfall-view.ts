import { byId, element } from '../element.js';
import { cursorTarget } from '../list-keys.js';
import type { Waterfall, WaterfallRow } from '../page-api.js';
import type { Route } from '../route.js';
import { WindowedRows } from '../windowed-rows.js';
import { keyOf, keyOfLine, type Line } from './lines.js';
import { lineView } from './line-view.js';
import { spanDetails } from './span-details.js';
import { SpanTree } from './span-tree.js';
import { gridLines, timeAxis } from './time-axis.js';
import { type TimeScale, timeScale } from './time-scale.js';
import { traceHead } from './trace-head.js';
import type { WaterfallState } from './waterfall-state.js';

const LINE_HEIGHT = 30;

export interface WaterfallViewOptions {
  readonly waterfall: Waterfall;
  readonly spanId: string | undefined;
  /** Called when a span is chosen; `step` where it was by a key that is pressed many times. */
  readonly onChoice: (route: Route, step: boolean) => void;
}

/** One trace, with those that are joined to it, as a waterfall, and the details of one of its spans. */
export class WaterfallView {
  readonly traceId: string;
  readonly #onChoice: WaterfallViewOptions['onChoice'];
  readonly #head = element('header', { class: 'trace-head' });
  readonly #axis = element('div', { class: 'axis-row', role: 'row' });
  readonly #viewport = element('div', { class: 'lines rows', role: 'rowgroup' });
  readonly #grid = element('div', {
    class: 'waterfall',
    role: 'treegrid',
    tabindex: 0,
    'aria-labelledby': 'trace-heading',
    'aria-keyshortcuts': 'ArrowUp ArrowDown ArrowLeft ArrowRight F B Escape',
  });
  readonly #details = element('aside', {
    class: 'details',
    'aria-label': 'Details of the span',
    tabindex: -1,
  });
  readonly #rows: WindowedRows<Line>;
  readonly #tree = new SpanTree();
  #waterfall: Waterfall;
  #scale: TimeScale;
  #cursor: WaterfallRow | undefined;

  constructor({ waterfall, spanId, onChoice }: WaterfallViewOptions) {
    this.traceId = waterfall.traceId;
    this.#waterfall = waterfall;
    this.#onChoice = onChoice;
    this.#scale = timeScale(waterfall.start, waterfall.duration, 0);
    this.#grid.append(this.#axis, gridLines(this.#scale), this.#viewport);
    byId('trace').replaceChildren(this.#head, this.#grid, this.#details);
    this.#rows = new WindowedRows<Line>({
      viewport: this.#viewport,
      rowHeight: LINE_HEIGHT,
      keyOf: keyOfLine,
      create: () => lineView(() => this.#state()),
    });
    this.#listen();
    this.update(waterfall);
    this.choose(spanId);
  }

  get spanId(): string | undefined {
    return this.#cursor?.spanId;
  }

  /** All traces that are shown. */
  get traceIds(): readonly string[] {
    return this.#waterfall.traces.map(({ traceId }) => traceId);
  }

  /** Shows what has arrived meanwhile; the chosen span, what is collapsed and the place in it stay. */
  update(waterfall: Waterfall): void {
    this.#waterfall = waterfall;
    this.#tree.replace(waterfall.rows);
    this.#scale = timeScale(waterfall.start, waterfall.duration, this.#grid.clientWidth);
    this.#head.replaceChildren(...traceHead(waterfall));
    this.#axis.replaceChildren(element('div', { role: 'columnheader' }, 'Span'), timeAxis(this.#scale));
    this.#grid.querySelector('.grid-lines')?.replaceWith(gridLines(this.#scale));
    if (this.#cursor) this.#point(this.#tree.find(keyOf(this.#cursor)) ?? waterfall.rows[0]);
    this.#draw();
  }

  /** Puts the cursor on a span, opens what hides it, and shows its details. Without an id: on the first. */
  choose(spanId: string | undefined): void {
    const { rows, traceId } = this.#waterfall;
    const named = rows.filter((row) => row.spanId === spanId);
    const own = (row: WaterfallRow): boolean => row.traceId === traceId;
    this.#point(named.find(own) ?? named[0] ?? rows.find(own) ?? rows[0]);
    if (this.#cursor) this.#tree.expandTo(this.#cursor);
    this.#draw();
    this.#reveal();
  }

  focus(): void {
    this.#grid.focus({ preventScroll: true });
  }

  contains(node: Element | null): boolean {
    return this.#grid.contains(node);
  }

  /** Does what a key means here, and says whether it means anything. */
  press(key: string): boolean {
    switch (key) {
      case 'ArrowRight':
        return this.#expandOrDescend();
      case 'ArrowLeft':
        return this.#collapseOrAscend();
      case 'f':
        return this.#follow(this.#cursor?.links);
      case 'b':
        return this.#follow(this.#cursor?.linkedFrom);
      case 'Enter':
        this.#details.focus();
        return true;
      default: {
        const spans = this.#spanLines();
        const target = cursorTarget(key, this.#cursor ? spans.indexOf(this.#cursor) : -1, spans.length);
        if (target === undefined) return false;
        this.#step(spans[target]!);
        return true;
      }
    }
  }

  #listen(): void {
    this.#grid.addEventListener('click', ({ target }) => {
      const clicked = target as Element;
      const row = this.#tree.find(clicked.closest<HTMLElement>('[data-span]')?.dataset['span'] ?? '');
      if (!row || clicked.closest('[data-go-span], a')) return;
      if (clicked.closest('.toggle')) this.#toggle(row);
      this.#onChoice({ traceId: this.traceId, spanId: row.spanId }, false);
    });
    for (const part of [this.#grid, this.#details]) {
      part.addEventListener('click', ({ target }) => {
        const link = (target as Element).closest<HTMLElement>('[data-go-span]');
        if (link) this.#go({ traceId: link.dataset['goTrace']!, spanId: link.dataset['goSpan']! });
      });
    }
  }

  /** A span that is shown here is gone to in place, also one of another trace; others are opened in their own. */
  #go(span: { readonly traceId: string; readonly spanId: string }): void {
    const here = this.#tree.find(keyOf(span));
    this.#onChoice({ traceId: here ? this.traceId : span.traceId, spanId: span.spanId }, false);
  }

  #follow(spans: WaterfallRow['links'] | undefined): boolean {
    const target = spans?.find(({ name }) => name !== undefined);
    if (target) this.#go(target);
    return target !== undefined;
  }

  #step(row: WaterfallRow): void {
    this.#onChoice({ traceId: this.traceId, spanId: row.spanId }, true);
  }

  #expandOrDescend(): boolean {
    const row = this.#cursor;
    if (!row) return false;
    const child = this.#tree.firstChildOf(row);
    if (this.#tree.isCollapsed(row)) this.#toggle(row);
    else if (child) this.#step(child);
    return true;
  }

  #collapseOrAscend(): boolean {
    const row = this.#cursor;
    if (!row) return false;
    const parent = this.#tree.parentOf(row);
    if (this.#tree.firstChildOf(row) && !this.#tree.isCollapsed(row)) this.#toggle(row);
    else if (parent) this.#step(parent);
    return true;
  }

  #toggle(row: WaterfallRow): void {
    this.#tree.toggle(row);
    this.#draw();
  }

  /** Moves the cursor. The details are drawn again only for what they do not show yet: somebody may be reading them. */
  #point(row: WaterfallRow | undefined): void {
    const same = JSON.stringify(row) === JSON.stringify(this.#cursor);
    this.#cursor = row;
    if (!row || same) return;
    this.#details.replaceChildren(...spanDetails(row, this.#waterfall.start));
    this.#grid.setAttribute('aria-activedescendant', `span-${keyOf(row)}`);
  }

  #draw(): void {
    const { lines } = this.#tree;
    this.#grid.ariaRowCount = String(lines.length + 1);
    this.#rows.show(lines);
  }

  #reveal(): void {
    const cursor = this.#cursor;
    if (!cursor) return;
    const index = this.#rows.items.findIndex((line) => line.type === 'span' && line.row === cursor);
    if (index >= 0) this.#rows.reveal(index);
  }

  #spanLines(): readonly WaterfallRow[] {
    return this.#rows.items.filter(({ type }) => type === 'span').map(({ row }) => row);
  }

  #state(): WaterfallState {
    return {
      traceId: this.traceId,
      scale: this.#scale,
      cursor: this.#cursor && keyOf(this.#cursor),
      // Two lines that are no spans stand between two spans at most.
      serviceAbove: (index) =>
        this.#rows.items.slice(Math.max(0, index - 3), index).findLast(({ type }) => type === 'span')?.row
          .service,
    };
  }
}
