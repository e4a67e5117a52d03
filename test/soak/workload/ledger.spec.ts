import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../soak/workload/ledger.js';

describe('the ledger of a run', () => {
  it('tells a message that was settled twice from one that was handled twice', () => {
    const ledger = new Ledger(10);
    ledger.send(10);
    ledger.deliver(3);
    expect(ledger.deliver(3)).toBe(2);
    ledger.settle(3);
    expect(ledger).toMatchObject({ settled: 1, settledTwice: 0 });

    ledger.settle(3);
    expect(ledger).toMatchObject({ settled: 1, settledTwice: 1 });
  });

  it('names the first messages that have not come to their end', () => {
    const ledger = new Ledger(10);
    ledger.send(5);
    ledger.settle(0);
    ledger.settle(2);

    expect(ledger.firstUnsettled(10)).toEqual([1, 3, 4]);
    expect(ledger.firstUnsettled(2)).toEqual([1, 3]);
  });

  it('waits for messages under way, and for handlers that still hang', async () => {
    const ledger = new Ledger(2);
    ledger.send(2);
    ledger.hang();
    let isQuiet = false;
    const quiet = ledger.whenOutstanding(0).then(() => (isQuiet = true));

    ledger.settle(0);
    ledger.settle(1);
    await Promise.resolve();
    expect(isQuiet).toBe(false);

    ledger.wakeUp();
    expect(await quiet).toBe(true);
  });
});
