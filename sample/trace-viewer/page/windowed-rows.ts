import { element } from './element.js';

export interface Row<Item> {
  readonly element: HTMLElement;
  update(item: Item, index: number): void;
}

export interface WindowedRowsOptions<Item> {
  /** Scrolls; it must have a height of its own. */
  readonly viewport: HTMLElement;
  /** In CSS pixels, the same for all. */
  readonly rowHeight: number;
  readonly keyOf: (item: Item) => string;
  readonly create: () => Row<Item>;
}

/** Rows above and below what can be seen, so that scrolling finds something. */
const SPARE = 8;

/**
 * Thousands of rows of which only those are in the document that can be seen. A row keeps its element while it is there,
 * and elements do not change places among themselves: a click whose button goes down before an update and up after it is
 * still a click on that row.
 */
export class WindowedRows<Item> {
  readonly #options: WindowedRowsOptions<Item>;
  readonly #canvas = element('div', { class: 'canvas', role: 'presentation' });
  readonly #shown = new Map<string, Row<Item>>();
  #items: readonly Item[] = [];

  constructor(options: WindowedRowsOptions<Item>) {
    this.#options = options;
    const { viewport, rowHeight } = options;
    this.#canvas.style.setProperty('--row-height', `${rowHeight}px`);
    viewport.append(this.#canvas);
    viewport.addEventListener('scroll', () => this.redraw(), { passive: true });
    new ResizeObserver(() => this.redraw()).observe(viewport);
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** The index of the first row that can be seen. */
  get firstVisible(): number {
    return Math.floor(this.#options.viewport.scrollTop / this.#options.rowHeight);
  }

  /**
   * Shows other items. With `holdStill` what can be seen stays where it is on the screen, whatever comes or goes above it.
   */
  show(items: readonly Item[], { holdStill = false } = {}): void {
    const { viewport, rowHeight, keyOf } = this.#options;
    const anchor = holdStill ? this.#items[this.firstVisible] : undefined;
    const anchorKey = anchor && keyOf(anchor);
    const before = this.firstVisible;
    this.#items = items;
    this.#canvas.style.height = `${items.length * rowHeight}px`;
    if (anchorKey !== undefined) {
      const after = items.findIndex((item) => keyOf(item) === anchorKey);
      if (after >= 0 && after !== before) viewport.scrollTop += (after - before) * rowHeight;
    }
    this.redraw();
  }

  redraw(): void {
    const { viewport, rowHeight, keyOf } = this.#options;
    const first = Math.max(0, this.firstVisible - SPARE);
    const count = Math.ceil(viewport.clientHeight / rowHeight) + 2 * SPARE;
    const visible = this.#items.slice(first, first + count);
    this.#removeAllBut(new Set(visible.map(keyOf)));
    let next = this.#canvas.firstElementChild;
    visible.forEach((item, offset) => {
      const row = this.#rowFor(keyOf(item));
      if (row.element === next) next = next.nextElementSibling;
      else this.#canvas.insertBefore(row.element, next);
      row.element.style.top = `${(first + offset) * rowHeight}px`;
      row.update(item, first + offset);
    });
  }

  /** Scrolls as little as needed to see a row. */
  reveal(index: number): void {
    const { viewport, rowHeight } = this.#options;
    const top = index * rowHeight;
    const lowest = top + rowHeight - viewport.clientHeight;
    if (viewport.scrollTop > top) viewport.scrollTop = top;
    else if (viewport.scrollTop < lowest) viewport.scrollTop = lowest;
    this.redraw();
  }

  #rowFor(key: string): Row<Item> {
    const row = this.#shown.get(key) ?? this.#options.create();
    this.#shown.set(key, row);
    return row;
  }

  #removeAllBut(keys: ReadonlySet<string>): void {
    for (const [key, row] of this.#shown) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.#shown.delete(key);
    }
  }
}
