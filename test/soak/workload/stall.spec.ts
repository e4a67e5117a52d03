import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ledger } from '../../../soak/workload/ledger.js';
import { whenStalled } from '../../../soak/workload/stall.js';

describe('a run that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('says which messages have not come to their end', async () => {
    const ledger = new Ledger(20);
    ledger.send(3);
    ledger.settle(1);
    const stall = whenStalled(ledger);

    await vi.advanceTimersByTimeAsync(130_000);

    expect(await stall).toBe(
      'nothing has moved for two minutes; 2 messages are under way, the first of them with the numbers 0, 2',
    );
  });

  it('does not hang while anything moves', async () => {
    const ledger = new Ledger(20);
    ledger.send(3);
    let isStalled = false;
    void whenStalled(ledger).then(() => (isStalled = true));

    await vi.advanceTimersByTimeAsync(110_000);
    ledger.settle(0);
    await vi.advanceTimersByTimeAsync(110_000);
    expect(isStalled).toBe(false);

    await vi.advanceTimersByTimeAsync(20_000);
    expect(isStalled).toBe(true);
  });
});
