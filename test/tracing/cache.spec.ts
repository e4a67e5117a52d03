import { describe, expect, it, vi } from 'vitest';
import { Cache } from '../../lib/tracing/cache.js';

function cacheOf(make = vi.fn((key: number) => ({ key }))) {
  const cache = new Cache(make);
  const askForAll = (count: number): void => {
    for (let key = 0; key < count; key += 1) {
      expect(cache.of(key)).toEqual({ key });
    }
  };
  return { cache, make, askForAll };
}

describe('a cache', () => {
  it('makes once what it is asked for, and gives the same each time', () => {
    const { cache, make } = cacheOf();
    expect(cache.of(7)).toBe(cache.of(7));
    expect(make.mock.calls).toEqual([[7]]);
  });

  it.each([1_000, 1_001, 2_000])('makes nothing twice where it is asked for %d in turn', (count) => {
    const { make, askForAll } = cacheOf();
    [1, 2, 3].forEach(() => askForAll(count));
    expect(make).toHaveBeenCalledTimes(count);
  });

  it('keeps what was made lately, and forgets what was not', () => {
    const { cache, make, askForAll } = cacheOf();
    const first = cache.of(-1);
    askForAll(1_999);
    expect(cache.of(-1)).toBe(first);
    cache.of(-2);
    expect(cache.of(-1)).not.toBe(first);
    make.mockClear();
    expect(cache.of(1_998)).toEqual({ key: 1_998 });
    expect(make).not.toHaveBeenCalled();
  });

  it('asks again where that failed', () => {
    const make = vi.fn((key: number) => ({ key }));
    make.mockImplementationOnce(() => {
      throw new Error('once');
    });
    const { cache } = cacheOf(make);
    expect(() => cache.of(1)).toThrow('once');
    expect(cache.of(1)).toEqual({ key: 1 });
  });
});
