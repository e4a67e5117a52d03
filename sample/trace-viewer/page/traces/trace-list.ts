import { byId, element, setText } from '../element.js';
import { plural } from '../format.js';
import { cursorTarget } from '../list-keys.js';
import type { TracesEvent, TraceSummary } from '../page-api.js';
import { WindowedRows } from '../windowed-rows.js';
import { HeldTraces } from './held-traces.js';
import { noTraces } from './no-traces.js';
import { lineId, traceLine } from './trace-line.js';

const LINE_HEIGHT = 80;
const AGES_EVERY_MS = 1000;

/** The live list of traces, with its filter. */
export class TraceList {
  readonly held = new HeldTraces();
  readonly #list = byId('traces');
  readonly #filter = byId('filter', HTMLInputElement);
  readonly #errorsOnly = byId('errors-only', HTMLInputElement);
  readonly #newer = byId('newer', HTMLButtonElement);
  readonly #open: (traceId: string) => void;
  readonly #rows: WindowedRows<TraceSummary>;
  #openedId: string | undefined;
  #cursorId: string | undefined;
  #drawing = false;
  #pointed = false;

  constructor(open: (traceId: string) => void) {
    this.#open = open;
    this.#rows = new WindowedRows({
      viewport: this.#list,
      rowHeight: LINE_HEIGHT,
      keyOf: ({ traceId }) => traceId,
      create: () =>
        traceLine(({ traceId }) => ({
          opened: traceId === this.#openedId,
          atCursor: traceId === this.#cursorId,
          total: this.#rows.items.length,
        })),
    });
    this.#listen();
  }

  apply(event: TracesEvent, everything: boolean): void {
    this.held.apply(event, everything);
    this.#drawSoon();
  }

  /** Marks the trace that is shown beside the list. */
  markOpened(traceId: string | undefined): void {
    this.#openedId = traceId;
    if (traceId) this.#cursorId = traceId;
    this.#rows.redraw();
  }

  focus(): void {
    this.#list.focus({ preventScroll: true });
    const index = this.#cursorIndex();
    if (index >= 0) this.#rows.reveal(index);
  }

  focusFilter(): void {
    this.#filter.focus();
    this.#filter.select();
  }

  /** Does what a key means here, and says whether it means anything. */
  press(key: string): boolean {
    if (key === 'Enter') {
      if (this.#cursorId === undefined || this.#cursorIndex() < 0) return false;
      this.#open(this.#cursorId);
      return true;
    }
    const target = cursorTarget(key, this.#cursorIndex(), this.#rows.items.length);
    if (target === undefined) return false;
    this.#cursorId = this.#rows.items[target]!.traceId;
    this.#rows.reveal(target);
    this.#list.setAttribute('aria-activedescendant', lineId(this.#cursorId));
    return true;
  }

  #listen(): void {
    this.#list.addEventListener('click', ({ target }) => {
      const line = (target as Element).closest<HTMLElement>('[data-trace]');
      if (line) this.#open(line.dataset['trace']!);
    });
    this.#list.addEventListener('pointerenter', () => (this.#pointed = true));
    this.#list.addEventListener('pointerleave', () => (this.#pointed = false));
    this.#list.addEventListener('scroll', () => this.#tellOfNewer(), { passive: true });
    // At once: the next key may already mean a line that this finds.
    this.#filter.addEventListener('input', () => this.#draw());
    this.#errorsOnly.addEventListener('change', () => this.#draw());
    this.#newer.addEventListener('click', () => {
      this.#list.scrollTop = 0;
      this.#list.focus({ preventScroll: true });
    });
    setInterval(() => this.#rows.redraw(), AGES_EVERY_MS);
  }

  /** Hundreds of events may come between two frames; the list is sorted and drawn once for all of them. */
  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw(): void {
    const traces = this.held.matching({ text: this.#filter.value, errorsOnly: this.#errorsOnly.checked });
    // Nothing may slip away below a pointer, or from a reader who has scrolled.
    this.#rows.show(traces, { holdStill: this.#pointed || this.#list.scrollTop > 0 });
    this.#tellOfNewer();
    const all = this.held.size;
    setText(byId('count'), traces.length === all ? `${all}` : `${traces.length} of ${all}`);
    this.#list.hidden = traces.length === 0;
    const empty = byId('no-traces');
    empty.hidden = traces.length > 0;
    if (!empty.hidden) empty.replaceChildren(all === 0 ? noTraces() : this.#noMatch());
  }

  #tellOfNewer(): void {
    const above = this.#rows.firstVisible;
    this.#newer.hidden = above === 0;
    setText(this.#newer, `↑ ${plural(above, 'newer trace')}`);
  }

  #noMatch(): Node {
    const clear = element('button', { type: 'button' }, 'Show all');
    clear.addEventListener('click', () => {
      this.#filter.value = '';
      this.#errorsOnly.checked = false;
      this.#drawSoon();
      this.#filter.focus();
    });
    return element('div', {}, element('p', {}, 'No trace matches the filter.'), clear);
  }

  #cursorIndex(): number {
    return this.#rows.items.findIndex(({ traceId }) => traceId === this.#cursorId);
  }
}
