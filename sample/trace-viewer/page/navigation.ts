import { hashOf, readRoute, type Route } from './route.js';

export interface GoOptions {
  /** Whether the back button skips what is shown now: it would take forever to go back over each arrow key. */
  readonly replace?: boolean;
}

/** Changes the address, and tells of every change, ours and the browser's. */
export class Navigation {
  readonly #listeners: ((route: Route) => void)[] = [];

  constructor() {
    // Fires for back, forward, links and a typed address.
    window.addEventListener('popstate', () => this.#tell());
  }

  get route(): Route {
    return readRoute(location.hash);
  }

  go(route: Route, { replace = false }: GoOptions = {}): void {
    const hash = hashOf(route);
    if (hash !== location.hash) history[replace ? 'replaceState' : 'pushState'](null, '', hash);
    this.#tell();
  }

  onChange(listener: (route: Route) => void): void {
    this.#listeners.push(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.route);
  }
}
