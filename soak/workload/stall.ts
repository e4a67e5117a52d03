import type { Ledger } from './ledger.js';

/** Longer than a rebalance, a retry and a broker that is busy take together. */
const STALLED_MS = 120_000;
const LOOK_MS = 5_000;

const MOST_NAMED = 10;

/**
 * Resolves, with what is known of it, when nothing has been sent, delivered or settled for two minutes: a run that hangs would
 * else say nothing.
 */
export function whenStalled(ledger: Ledger): Promise<string> {
  return new Promise((resolve) => {
    let last = { state: '', at: performance.now() };
    const timer = setInterval(() => {
      const state = JSON.stringify([ledger.sent, ledger.settled, ledger.counts]);
      if (state !== last.state) {
        last = { state, at: performance.now() };
      } else if (performance.now() - last.at > STALLED_MS) {
        clearInterval(timer);
        resolve(described(ledger));
      }
    }, LOOK_MS);
    timer.unref();
  });
}

function described(ledger: Ledger): string {
  const numbers = ledger.firstUnsettled(MOST_NAMED);
  const named = numbers.length === 0 ? '' : `, the first of them with the numbers ${numbers.join(', ')}`;
  return `nothing has moved for two minutes; ${ledger.outstanding} messages are under way${named}`;
}
