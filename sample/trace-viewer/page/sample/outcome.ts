import { byId, setText } from '../element.js';
import { inWords } from '../server/problem.js';
import type { Answer } from '../server/requests.js';

/** Tells what came of a click, and leads to its trace. */
export class Outcome {
  readonly #line = byId('outcome');
  readonly #follow: (traceId: string) => void;

  constructor(follow: (traceId: string) => void) {
    this.#follow = follow;
  }

  /** A second click while the first is on its way would be a second order. */
  async during(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
    if (button.ariaBusy === 'true') return;
    // Not `disabled`: that would take the focus away.
    button.ariaBusy = 'true';
    try {
      await work();
    } finally {
      button.ariaBusy = null;
    }
  }

  tell<Body>({ body, problem, traceId }: Answer<Body>, inGood: (body: Body) => string): void {
    this.#line.classList.toggle('bad', problem !== undefined);
    setText(this.#line, problem ? inWords(problem) : inGood(body as Body));
    if (traceId) this.#follow(traceId);
  }
}
