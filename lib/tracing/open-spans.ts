/**
 * Counts the spans of one application that are open, so that its end can wait for theirs.
 *
 * @internal
 */
export class OpenSpans {
  #count = 0;
  #total = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  /** How many there have been, ended ones included. */
  get total(): number {
    return this.#total;
  }

  started(): void {
    this.#total += 1;
    this.#count += 1;
  }

  ended(): void {
    this.#count = Math.max(0, this.#count - 1);
    if (this.#count === 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      waiting.forEach((resolve) => resolve());
    }
  }

  /** Resolves when no span is open; at once if none is. */
  whenNone(): Promise<void> {
    return this.#count === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#waiting.push(resolve);
        });
  }
}
