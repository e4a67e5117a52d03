import { beforeEach, describe, expect, it } from 'vitest';
import { LagStore } from '../../../sample/trace-viewer/index.js';
import type { LagPoint } from '../../../sample/trace-viewer/model/lag-store.js';

const MINUTE = 60_000;

let now: number;
let lag: LagStore;

beforeEach(() => {
  now = 1_790_000_000_000;
  lag = new LagStore({ maxSeries: 3, maxPoints: 10, now: () => now });
});

const point = (messages: number, at = now, partition = '0'): LagPoint => ({
  group: 'mailers',
  topic: 'order-events',
  partition,
  timeUnixNano: BigInt(at) * 1_000_000n,
  messages,
});

const messagesOf = (): readonly (readonly number[])[] =>
  lag.series().map(({ points }) => points.map(({ messages }) => messages));

describe('LagStore', () => {
  it('keeps the points of a partition in the order of their time, each once', () => {
    lag.add([point(1, now), point(3, now + 2000)]);
    lag.add([point(2, now + 1000), point(30, now + 2000)]);
    expect(messagesOf()).toEqual([[1, 2, 30]]);
  });

  it('forgets what is more than five minutes older than the latest, and the oldest of too many', () => {
    lag.add([point(1, now), point(2, now + MINUTE), point(3, now + 6 * MINUTE)]);
    expect(messagesOf()).toEqual([[2, 3]]);
    for (let index = 0; index < 100; index++) lag.add([point(index, now + 7 * MINUTE + index)]);
    expect(messagesOf()).toEqual([[90, 91, 92, 93, 94, 95, 96, 97, 98, 99]]);
  });

  it('forgets a partition that nobody has told of for five minutes', () => {
    lag.add([point(1, now, '0'), point(1, now, '1')]);
    now += 4 * MINUTE;
    lag.add([point(2, now, '1')]);
    now += 2 * MINUTE;
    expect(lag.series().map(({ partition }) => partition)).toEqual(['1']);
  });

  it('begins anew when the clock of a sender is set back', () => {
    lag.add([point(1, now + 60 * MINUTE)]);
    lag.add([point(2, now)]);
    lag.add([point(3, now + 1000)]);
    expect(messagesOf()).toEqual([[2, 3]]);
  });

  it('forgets the partition that has been silent longest when there are too many', () => {
    lag.add(['0', '1', '2', '0', '3'].map((partition, index) => point(index, now + index, partition)));
    expect(lag.series().map(({ partition }) => partition)).toEqual(['0', '2', '3']);
  });

  it('tells of arrivals until nobody wants to know', () => {
    let arrivals = 0;
    const end = lag.onArrival(() => (arrivals += 1));
    lag.add([]);
    lag.add([point(1)]);
    end();
    lag.add([point(2)]);
    expect(arrivals).toBe(1);
  });
});
