import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from '../../../sample/runner/arguments.js';

describe('parseArguments', () => {
  it('places three orders when nothing is said', () => {
    expect(parseArguments([])).toEqual({ orders: 3, json: false, help: false });
  });

  it('reads every option', () => {
    expect(parseArguments(['--orders', '50', '--json', '--help'])).toEqual({
      orders: 50,
      json: true,
      help: true,
    });
  });

  it.each(['0', '-1', '1.5', 'many', '', '1e3', ' 2'])('refuses %j as a number of orders', (value) => {
    expect(() => parseArguments([`--orders=${value}`])).toThrow(
      new UsageError(`Expected \`--orders\` to be a whole number from 1 up, got \`${value}\``),
    );
  });

  it.each([[['--colour']], [['--orders']], [['--json=yes']], [['more']]])('refuses %j', (args) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
  });
});
