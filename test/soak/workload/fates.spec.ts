import { describe, expect, it } from 'vitest';
import { blockFrom, failsInBatch, fateOfEvent, fateOfRequest } from '../../../soak/workload/fates.js';

const blocks = Array.from({ length: 20 }, (_, index) => blockFrom(index * 100));

describe('the fates of two thousand messages', () => {
  it('are all there among the events', () => {
    const fates = blocks.flatMap(({ batch, events }) => [...batch, ...events]).map(fateOfEvent);

    expect(new Set(fates)).toEqual(
      new Set([
        'succeeds',
        'is slow',
        'fails once',
        'fails twice',
        'is retried',
        'hangs',
        'is a dead letter',
      ]),
    );
  });

  it('are all there among the requests', () => {
    const fates = blocks.flatMap(({ requests }) => requests).map(fateOfRequest);

    expect(new Set(fates)).toEqual(
      new Set(['is answered', 'is refused', 'is retried', 'is unsubscribed', 'times out']),
    );
  });

  it('fail a batch of either topic', () => {
    const failing = blocks.map(({ plain }) => plain.map(failsInBatch));

    expect(failing.some((fails) => fails.slice(0, 2).includes(true))).toBe(true);
    expect(failing.some((fails) => fails.slice(2).includes(true))).toBe(true);
  });

  it('are the same for the two thousand after them', () => {
    expect([17, 641, 1_041].map((number) => fateOfEvent(number + 2_000))).toEqual(
      [17, 641, 1_041].map(fateOfEvent),
    );
  });
});
