import { describe, expect, it } from 'vitest';
import { ConflictingOptionsError, InvalidOptionError, KafkaTracingError } from '../../lib/errors/index.js';

describe('InvalidOptionError', () => {
  it.each<[value: unknown, got: string]>([
    ['x', '`x` (string)'],
    [-1, '`-1` (number)'],
    [null, '`null`'],
    [undefined, '`undefined`'],
    [[1], '`[ 1 ]` (array)'],
    [{ a: 1 }, '`{ a: 1 }` (object)'],
  ])('says what was expected, what it got and the cure: %j', (value, got) => {
    const error = new InvalidOptionError('relation', "to be 'both'", value, 'Use it.');
    expect(error.message).toBe(`Expected \`relation\` to be 'both', got ${got}. Use it.`);
    expect(error).toBeInstanceOf(KafkaTracingError);
    expect(error).toMatchObject({
      name: 'InvalidOptionError',
      code: 'KAFKA_TRACING_INVALID_OPTION',
      option: 'relation',
      value,
      cure: 'Use it.',
    });
  });
});

describe('ConflictingOptionsError', () => {
  it('names what differs, and the cure', () => {
    const error = new ConflictingOptionsError(['a: 1 and 2', 'b: 3 and 4']);
    expect(error).toMatchObject({
      name: 'ConflictingOptionsError',
      code: 'KAFKA_TRACING_CONFLICTING_OPTIONS',
      value: ['a: 1 and 2', 'b: 3 and 4'],
      cure: 'Import it once, in the root module: it is global.',
    });
    expect(error.message).toContain('different options: a: 1 and 2; b: 3 and 4. Import it once');
  });
});
