import type { Ledger } from './ledger.js';

/** How long a slow handler takes, and how long a caller waits: less than that. */
export const SLOW_MS = 20;
export const PATIENCE_MS = 10;
const LATE_MS = 50;

/** A call that does not answer as long as somebody waits for it, and does long after it was given up. */
export class HangingCall {
  readonly answer: Promise<void>;
  #answer!: () => void;

  constructor(private readonly ledger: Ledger) {
    ledger.hang();
    this.answer = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  // Not simply a longer timer: in a busy process Node calls back a timer of 100 ms before one of 10 ms where both are due.
  givenUp(): void {
    this.ledger.counts.givenUp += 1;
    setTimeout(() => {
      this.#answer();
      this.ledger.wakeUp();
    }, LATE_MS);
  }
}
