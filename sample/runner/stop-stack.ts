import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 12_000;

/** What has been started and has to be stopped, however this process ends: the latest first. */
export class StopStack {
  readonly #stops: { readonly what: string; readonly stop: () => Promise<unknown> }[] = [];
  #running: Promise<void> | undefined;

  /** What is added while everything is being stopped is stopped as well. */
  add(what: string, stop: () => Promise<unknown>): void {
    this.#stops.push({ what, stop });
  }

  /** Never rejects, and never hangs: what does not stop in time is left behind. May be called more than once. */
  run(): Promise<void> {
    this.#running ??= this.#stopAll();
    return this.#running;
  }

  async #stopAll(): Promise<void> {
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) {
      const problem = await Promise.race([
        next.stop().then(
          () => undefined,
          (error: unknown) => String(error),
        ),
        delay(DEADLINE_MS, 'it takes too long', { ref: false }),
      ]);
      if (problem !== undefined) console.error(`Could not stop ${next.what}: ${problem}`);
    }
  }
}
