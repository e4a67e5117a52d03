import { describe, expect, it } from 'vitest';
import { UsageError, parseArguments } from '../../soak/arguments.js';

describe('the arguments of a soak', () => {
  it('are a million messages where nothing is said', () => {
    expect(parseArguments([])).toMatchObject({ messages: 1_000_000, isShort: false });
  });

  it('may ask for a short run, and for any number of blocks', () => {
    expect(parseArguments(['--short'])).toMatchObject({ messages: 16_000, isShort: true });
    expect(parseArguments(['--messages=500'])).toMatchObject({ messages: 500 });
  });

  it.each(['--messages=0', '--messages=150', '--messages=many', '--loud', 'long'])('refuse %s', (word) => {
    expect(() => parseArguments([word])).toThrow(UsageError);
  });
});
