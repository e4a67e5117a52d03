import type { Ledger } from './ledger.js';

/** Longer than a rebalance, a retry and a broker that is busy take together. */
const STALLED_MS = 120_000;
const LOOK_MS = 5_000;

/**
 * Rejects when nothing has been sent, delivered or settled for two minutes: a run that hangs would else say nothing. It never
 * resolves.
 */
export function whenStalled(ledger: Ledger): Promise<never> {
  return new Promise((_, reject) => {
    let last = { state: '', at: performance.now() };
    const timer = setInterval(() => {
      const state = JSON.stringify([ledger.sent, ledger.settled, ledger.counts]);
      if (state !== last.state) {
        last = { state, at: performance.now() };
      } else if (performance.now() - last.at > STALLED_MS) {
        clearInterval(timer);
        reject(new Error(`Nothing has moved for two minutes; ${ledger.outstanding} messages are under way.`));
      }
    }, LOOK_MS);
    timer.unref();
  });
}
