import { describe, expect, it, vi } from 'vitest';
import { type Outcome, settle } from '../../lib/kafkajs/settle.js';
import { recordReports } from '../support/diag-reports.js';
import { useTracing } from '../support/tracing.js';

/** Somebody who wants to know, or does not, and what he was told. */
function listener(isWatched = true) {
  return {
    isWatched,
    succeeded: vi.fn<Outcome<unknown>['succeeded']>(),
    failed: vi.fn<Outcome<unknown>['failed']>(),
  };
}

const thrown = (error: unknown) => (): never => {
  throw error;
};

/** What a call may fail with: anything at all. */
const ERRORS: readonly unknown[] = [new RangeError('no'), 'no', undefined, null];

describe('a call that nobody watches', () => {
  it.each([[Promise.resolve('sent')], [undefined], ['sent']])(
    'returns what the driver returns: %s',
    (returned) => {
      const outcome = listener(false);
      expect(settle(outcome, () => returned as Promise<unknown>)).toBe(returned);
      expect(outcome.succeeded).not.toHaveBeenCalled();
    },
  );

  it('rejects with the promise of the driver, and throws what it throws', async () => {
    const outcome = listener(false);
    const rejected = Promise.reject(new RangeError('no'));
    expect(settle(outcome, () => rejected)).toBe(rejected);
    await expect(rejected).rejects.toThrow('no');
    expect(() => settle(outcome, thrown(new RangeError('at once')))).toThrow('at once');
    expect(outcome.failed).not.toHaveBeenCalled();
  });
});

describe('a call that is watched', () => {
  it('is made in the same tick', async () => {
    const call = vi.fn(async () => 'sent');
    const pending = settle(listener(), call);
    expect(call).toHaveBeenCalledOnce();
    await pending;
  });

  it('is told of before its caller goes on', async () => {
    const order: string[] = [];
    const tell = (how: string) => () => void order.push(`told that it ${how}`);
    const outcome = { isWatched: true, succeeded: tell('succeeded'), failed: tell('failed') };
    await settle(outcome, async () => 'sent').then(() => order.push('sent'));
    await settle(outcome, async () => thrown('no')()).catch(() => order.push('refused'));
    expect(order).toEqual(['told that it succeeded', 'sent', 'told that it failed', 'refused']);
  });

  it.each<[what: string, returned: (result: object) => unknown]>([
    ['a promise', (result) => Promise.resolve(result)],
    ['no promise', (result) => result],
    // oxlint-disable-next-line unicorn/no-thenable -- what a promise library of somebody's own returns.
    ['a thenable', (result) => ({ then: (done: (value: object) => void) => done(result) })],
  ])(
    'resolves to the very result where the driver returns %s, and tells it once',
    async (_what, returned) => {
      const outcome = listener();
      const result = {};
      expect(await settle(outcome, () => returned(result) as Promise<unknown>)).toBe(result);
      expect(outcome.succeeded.mock.calls).toEqual([[result]]);
      expect(outcome.succeeded.mock.calls[0]?.[0]).toBe(result);
      expect(outcome.failed).not.toHaveBeenCalled();
    },
  );

  it.each(ERRORS.map((error) => [error]))(
    'rejects with the very error of the driver, and tells it once: %s',
    async (error) => {
      const outcome = listener();
      await expect(settle(outcome, async () => thrown(error)())).rejects.toBe(error);
      expect(outcome.failed.mock.calls).toEqual([[error]]);
      expect(outcome.succeeded).not.toHaveBeenCalled();
    },
  );

  it.each(ERRORS.map((error) => [error]))(
    'throws the very error that the driver throws, and tells it once: %s',
    (error) => {
      const outcome = listener();
      let caught: unknown = 'nothing';
      try {
        void settle(outcome, thrown(error));
      } catch (raised) {
        caught = raised;
      }
      expect(caught).toBe(error);
      expect(outcome.failed.mock.calls).toEqual([[error]]);
    },
  );
});

describe('a call whose listener fails', () => {
  useTracing(); // For its clean-up.
  const hostile = { isWatched: true, succeeded: thrown('hostile'), failed: thrown('hostile') };

  it('ends as without it, and that is reported', async () => {
    const reports = recordReports();
    const [result, error] = [{}, new RangeError('no')];
    expect(await settle<object>(hostile, async () => result)).toBe(result);
    await expect(settle(hostile, () => Promise.reject(error))).rejects.toBe(error);
    expect(() => settle(hostile, thrown(error))).toThrow(error);
    expect(reports).toEqual([
      expect.stringContaining('failed to tell that a call succeeded'),
      expect.stringContaining('failed to tell that a call failed'),
    ]);
  });
});
