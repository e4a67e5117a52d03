import { byId, element } from '../element.js';
import type { TracesEvent, Waterfall } from '../page-api.js';
import type { Navigation } from '../navigation.js';
import type { Route } from '../route.js';
import { type Answer, get } from '../server/requests.js';
import { WaterfallView } from './waterfall-view.js';
import { welcome } from './welcome.js';

/** While spans stream in, a trace is asked for again no sooner than that after the last answer. */
const PAUSE_MS = 250;

/** The side of the page that shows the trace of the address, and keeps it up to date. */
export class TracePane {
  readonly #navigation: Navigation;
  #view: WaterfallView | undefined;
  #traceId: string | undefined;
  #shown = Promise.resolve();
  #loading = false;
  #outdated = false;

  constructor(navigation: Navigation) {
    this.#navigation = navigation;
  }

  get view(): WaterfallView | undefined {
    return this.#view;
  }

  /** Resolves once the trace can be seen, or it is known that it is not here. */
  get shown(): Promise<void> {
    return this.#shown;
  }

  show({ traceId, spanId }: Route): void {
    if (traceId && traceId === this.#traceId) {
      this.#view?.choose(spanId);
      return;
    }
    this.#traceId = traceId;
    this.#view = undefined;
    if (traceId) this.#shown = this.#load(traceId);
    else this.#say(...welcome());
  }

  /** Some traces have changed: loads ours again if it is among them. */
  apply({ changed }: TracesEvent): void {
    const traceId = this.#traceId;
    if (!traceId) return;
    const shown = new Set(this.#view?.traceIds ?? [traceId]);
    if (!changed.some((trace) => shown.has(trace.traceId))) return;
    this.#outdated = true;
    void this.#loadWhileOutdated(traceId);
  }

  async #loadWhileOutdated(traceId: string): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    while (this.#outdated && traceId === this.#traceId) {
      this.#outdated = false;
      await this.#load(traceId);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#loading = false;
    if (this.#outdated && this.#traceId) await this.#loadWhileOutdated(this.#traceId);
  }

  async #load(traceId: string): Promise<void> {
    const answer = await get<Waterfall>(`/api/traces/${traceId}`);
    if (traceId !== this.#traceId) return; // Something else was opened meanwhile.
    if (!answer.body) this.#sayWhyNot(answer);
    else if (this.#view) this.#view.update(answer.body);
    else this.#open(answer.body);
  }

  #open(waterfall: Waterfall): void {
    this.#view = new WaterfallView({
      waterfall,
      spanId: this.#navigation.route.spanId,
      onChoice: (route, step) => this.#navigation.go(route, { replace: step }),
    });
    document.title = `${waterfall.traces[0]?.title ?? 'Trace'} · Traces`;
  }

  #sayWhyNot({ status, problem }: Answer<Waterfall>): void {
    // What is on the screen is better than nothing while the server is away.
    if (this.#view) return;
    const known = status === 404 ? 'This trace is not here (any more).' : problem!.title;
    this.#say(
      element(
        'div',
        { class: 'welcome' },
        element('a', { class: 'back', href: '#/' }, '‹ all traces'),
        element('h2', { role: 'alert' }, known),
        element(
          'p',
          {},
          'Traces live in memory: the oldest go when new ones come. If it is yet to arrive, it appears here.',
        ),
      ),
    );
  }

  #say(...content: readonly Node[]): void {
    byId('trace').replaceChildren(...content);
    document.title = 'Traces';
  }
}
