import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from '../../../sample/runner/arguments.js';

describe('parseArguments', () => {
  it('places three orders when nothing is said', () => {
    expect(parseArguments([])).toEqual({ orders: 3, relation: 'both', json: false, help: false });
  });

  it('reads every option', () => {
    expect(parseArguments(['--orders', '50', '--relation', 'link', '--json', '--help'])).toEqual({
      orders: 50,
      relation: 'link',
      json: true,
      help: true,
    });
  });

  it.each(['0', '-1', '1.5', 'many', '', '1e3', ' 2'])('refuses %j as a number of orders', (value) => {
    expect(() => parseArguments([`--orders=${value}`])).toThrow(
      new UsageError(`Expected \`--orders\` to be a whole number from 1 up, got \`${value}\``),
    );
  });

  it('serves the page on the port of OTLP, or on another one', () => {
    expect(parseArguments(['--serve']).serve).toEqual({ port: 4318, isDefault: true });
    expect(parseArguments(['--serve', '--port', '4318']).serve).toEqual({ port: 4318, isDefault: false });
    expect(parseArguments(['--serve', '--port=0']).serve).toEqual({ port: 0, isDefault: false });
  });

  it.each([
    [['--port', '1'], '`--port` is the port of the page: expected `--serve` as well'],
    [['--serve', '--json'], 'Expected either `--serve` or `--json`, got both'],
    [['--serve', '--port=65536'], 'Expected `--port` to be from 0 (any free one) to 65535, got `65536`'],
    [['--serve', '--port=x'], 'Expected `--port` to be from 0 (any free one) to 65535, got `x`'],
    [['--relation=child'], 'Expected `--relation` to be both, parent or link, got `child`'],
  ])('refuses %j, and says why', (args, problem) => {
    expect(() => parseArguments(args)).toThrow(new UsageError(problem));
  });

  it.each([[['--colour']], [['--orders']], [['--json=yes']], [['more']]])('refuses %j', (args) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
  });
});
