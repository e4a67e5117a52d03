import { describe, expect, it, vi } from 'vitest';
import { InvalidOptionError } from '../lib/errors/index.js';
import type { KafkaTracingModuleOptions } from '../lib/kafka-tracing.options.js';
import { resolveOptions } from '../lib/resolve-options.js';

const DEFAULTS = {
  enabled: true,
  relation: 'both',
  trust: 'continue',
  existingContext: 'preserve',
  requireParent: false,
  topics: [],
  semconv: 'both',
  correlationId: false,
};

describe('resolveOptions', () => {
  it.each([[undefined], [{}], [{ relation: undefined as never }]])('fills in the defaults: %j', (given) => {
    expect(resolveOptions(given)).toEqual(DEFAULTS);
  });

  it('takes what is given', () => {
    const given = {
      enabled: false,
      relation: 'link',
      trust: 'restart',
      existingContext: 'overwrite',
      requireParent: true,
      topics: [{ match: 'audit.*', trust: 'ignore', template: 'audit' }],
      semconv: 'latest',
      correlationId: 'id',
    } as const;
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
    ['trust', 'no'],
    ['existingContext', 'keep'],
    ['requireParent', 'yes'],
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

  it.each<[option: string, topics: unknown]>([
    ['topics', 'audit.*'],
    ['topics[0]', [null]],
    ['topics[0].match', [{}]],
    ['topics[0].match', [{ match: '' }]],
    ['topics[1].match', [{ match: 'a' }, { match: 7 }]],
    ['topics[0].relation', [{ match: 'a', relation: 'sibling' }]],
    ['topics[0].trust', [{ match: 'a', trust: 'no' }]],
    ['topics[0].existingContext', [{ match: 'a', existingContext: 'keep' }]],
    ['topics[0].requireParent', [{ match: 'a', requireParent: 1 }]],
    ['topics[0].template', [{ match: 'a', template: '' }]],
    ['topics[0].correlationId', [{ match: 'a', correlationId: 'x' }]],
  ])('refuses a bad %s in %j', (option, topics) => {
    expect(refusalOf({ topics })).toMatchObject({ option, cure: expect.stringMatching(/\w/) });
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
