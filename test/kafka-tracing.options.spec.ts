import { describe, expect, it, vi } from 'vitest';
import { InvalidOptionError } from '../lib/errors/index.js';
import { type KafkaTracingModuleOptions, resolveOptions } from '../lib/kafka-tracing.options.js';

const DEFAULTS = { enabled: true, relation: 'both', semconv: 'both', correlationId: false };

describe('resolveOptions', () => {
  it.each([[undefined], [{}], [{ relation: undefined as never }]])('fills in the defaults: %j', (given) => {
    expect(resolveOptions(given)).toEqual(DEFAULTS);
  });

  it('takes what is given', () => {
    const given = { enabled: false, relation: 'link', semconv: 'latest', correlationId: 'id' } as const;
    expect(resolveOptions(given)).toEqual(given);
  });

  it.each<[variable: string, semconv: string]>([
    ['', 'both'],
    ['messaging', 'latest'],
    ['http, messaging ,database', 'latest'],
    ['messaging/dup', 'both'],
    ['messaging,messaging/dup', 'both'],
    ['http', 'both'],
  ])('asks OTEL_SEMCONV_STABILITY_OPT_IN for the names: %j', (variable, semconv) => {
    vi.stubEnv('OTEL_SEMCONV_STABILITY_OPT_IN', variable);
    try {
      expect(resolveOptions().semconv).toBe(semconv);
      expect(resolveOptions({ semconv: 'both' }).semconv).toBe('both');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each<[option: string, value: unknown]>([
    ['enabled', 'yes'],
    ['enabled', null],
    ['relation', 'child'],
    ['relation', null],
    ['semconv', 'old'],
    ['correlationId', true],
    ['correlationId', ''],
    ['correlationId', ' '],
    ['correlationId', null],
    ['correlationId', 'TraceParent'],
    ['correlationId', 'x-b3-traceid'],
    ['correlationId', 'kafka_correlationId'],
    ['correlationId', '__proto__'],
    ['relations', 'both'],
  ])('refuses %s: %j, with the name, the value and a cure', (option, value) => {
    const error = refusalOf({ [option]: value });
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option, value, cure: expect.stringMatching(/\w/) });
    expect(error.message).toContain(`\`${option}\``);
  });

  it.each([[null], ['both'], [[]], [7]])('refuses options that are none: %j', (given) => {
    expect(refusalOf(given)).toMatchObject({ option: 'options', value: given });
  });
});

function refusalOf(given: unknown): InvalidOptionError {
  try {
    resolveOptions(given as KafkaTracingModuleOptions);
  } catch (error) {
    return error as InvalidOptionError;
  }
  throw new Error('It was taken.');
}
