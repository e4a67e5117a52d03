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
  batch: 'create',
  trace: true,
  propagate: true,
  messageKey: true,
  topics: [],
  semconv: 'both',
  correlationId: false,
  maxCreateSpans: 100,
  maxLinks: 128,
  baggage: { allow: undefined, maxEntries: 64, maxBytes: 8_192 },
  maxTracestateBytes: 512,
  captureHeaders: [],
  bodySize: false,
  classifyError: undefined,
  onSend: undefined,
  onProcess: undefined,
  shutdownTimeoutMs: 5_000,
};

const ALL: Required<KafkaTracingModuleOptions> = {
  enabled: false,
  relation: 'link',
  trust: 'restart',
  existingContext: 'overwrite',
  requireParent: true,
  batch: 'single',
  trace: false,
  propagate: false,
  messageKey: (key) => String(key),
  topics: [
    { match: 'audit.*', trust: 'ignore', template: 'audit' },
    { match: /^replies-/, relation: 'parent', messageKey: false },
    { match: (topic) => topic === 'orders', existingContext: 'preserve', requireParent: false },
    { match: '*', batch: 'create', trace: true, propagate: true, messageKey: () => undefined },
  ],
  semconv: 'latest',
  correlationId: 'id',
  maxCreateSpans: 0,
  maxLinks: 1,
  baggage: { allow: ['tenant'], maxEntries: 0, maxBytes: 1 },
  maxTracestateBytes: 0,
  captureHeaders: ['x-tenant'],
  bodySize: true,
  classifyError: () => 'expected',
  onSend: () => {},
  onProcess: () => {},
  shutdownTimeoutMs: 0,
};

const BOOLEANS = ['enabled', 'requireParent', 'trace', 'propagate', 'bodySize'] as const;
const NUMBERS = ['maxCreateSpans', 'maxLinks', 'maxTracestateBytes', 'shutdownTimeoutMs'] as const;
const FUNCTIONS = ['classifyError', 'onSend', 'onProcess'] as const;

/** What every option of a topic refuses, for the module and in a rule. */
const WRONG_FOR_TOPICS: readonly (readonly [option: string, value: unknown])[] = [
  ['relation', 'child'],
  ['relation', null],
  ['trust', 'no'],
  ['trust', false],
  ['existingContext', 'keep'],
  ['requireParent', 'yes'],
  ['requireParent', 1],
  ['batch', 'many'],
  ['batch', true],
  ['trace', 'off'],
  ['trace', null],
  ['propagate', 0],
  ['messageKey', 'mask'],
  ['messageKey', null],
  ['messageKey', {}],
];

describe('resolveOptions', () => {
  it.each([[undefined], [{}], [undefinedIn(ALL)]])('fills in the defaults: %j', (given) => {
    expect(resolveOptions(given)).toEqual(DEFAULTS);
  });

  it('knows every option', () => {
    expect(Object.keys(DEFAULTS).toSorted()).toEqual(Object.keys(ALL).toSorted());
  });

  it('takes what is given', () => {
    expect(resolveOptions(ALL)).toEqual(ALL);
  });

  it.each(['x-original', 'x-errors', 'x-delivery-attempts', 'uberctx', 'my-x-error-type'])(
    'takes a name that is only like one that something else uses: %s',
    (correlationId) => {
      expect(resolveOptions({ correlationId }).correlationId).toBe(correlationId);
    },
  );

  it('fills in what is left out of the limits of baggage', () => {
    const allow = ['tenant'];
    expect(resolveOptions({ baggage: { allow } }).baggage).toEqual({ ...DEFAULTS.baggage, allow });
    expect(resolveOptions({ baggage: { maxBytes: 0 } }).baggage).toEqual({
      ...DEFAULTS.baggage,
      maxBytes: 0,
    });
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
      expect(resolveOptions({ semconv: 'latest' }).semconv).toBe('latest');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each<readonly [option: string, value: unknown]>([
    ...WRONG_FOR_TOPICS,
    ...BOOLEANS.flatMap((option) => ['true', null, 1].map((value) => [option, value] as const)),
    ...NUMBERS.flatMap((option) =>
      [-1, 1.5, '8', null, Number.NaN, Infinity].map((value) => [option, value] as const),
    ),
    ...FUNCTIONS.flatMap((option) => ['error', null, {}].map((value) => [option, value] as const)),
    ['semconv', 'old'],
    ['correlationId', true],
    ['correlationId', ''],
    ['correlationId', ' '],
    ['correlationId', null],
    ['correlationId', 'TraceParent'],
    ['correlationId', 'x-b3-traceid'],
    ['correlationId', 'uber-trace-id'],
    ['correlationId', 'UberCtx-tenant'],
    ['correlationId', 'x-original-traceparent'],
    ['correlationId', 'X-Original-Topic'],
    ['correlationId', 'x-error-message'],
    ['correlationId', 'x-delivery-attempt'],
    ['correlationId', 'kafka_correlationId'],
    ['correlationId', '__proto__'],
    ['captureHeaders', 'x-tenant'],
    ['captureHeaders', null],
    ['captureHeaders', ['x-tenant', '']],
    ['captureHeaders', [/x-.*/]],
    ['baggage', null],
    ['baggage', false],
    ['baggage', ['tenant']],
    ['relations', 'both'],
    ['match', 'audit.*'],
  ])('refuses %s: %j, with the name, the value and a cure', (option, value) => {
    expectRefused({ [option]: value }, option, value);
  });

  it.each<readonly [option: string, value: unknown]>([
    ['allow', 'tenant'],
    ['allow', null],
    ['allow', ['tenant', ' ']],
    ['allow', [7]],
    ['maxEntries', -1],
    ['maxEntries', '8'],
    ['maxEntries', null],
    ['maxBytes', -1],
    ['maxBytes', 0.5],
    ['maxBytes', Number.NaN],
    ['max', 8],
  ])('refuses baggage.%s: %j, with the name, the value and a cure', (option, value) => {
    expectRefused({ baggage: { [option]: value } }, `baggage.${option}`, value);
  });

  it.each<readonly [option: string, value: unknown]>([
    ...WRONG_FOR_TOPICS,
    ['match', ''],
    ['match', 7],
    ['match', undefined],
    ['match', ['a', 'b']],
    ['template', ''],
    ['template', null],
    ['template', (topic: string) => topic],
    ['correlationId', 'x'],
    ['bodySize', true],
  ])('refuses %s: %j in a rule, with the place, the value and a cure', (option, value) => {
    const topics = [{ match: 'others' }, { match: 'orders', [option]: value }];
    expectRefused({ topics }, `topics[1].${option}`, value);
  });

  it.each<[option: string, topics: unknown, value: unknown]>([
    ['topics', 'audit.*', 'audit.*'],
    ['topics', null, null],
    ['topics', { match: 'a' }, { match: 'a' }],
    ['topics[0]', [null], null],
    ['topics[1]', [{ match: 'a' }, 'audit.*'], 'audit.*'],
    ['topics[0].match', [{}], undefined],
  ])('refuses %s where they are no rules: %j', (option, topics, value) => {
    expectRefused({ topics }, option, value);
  });

  it.each([[null], ['both'], [[]], [7]])('refuses options that are none: %j', (given) => {
    expect(refusalOf(given)).toMatchObject({ option: 'options', value: given });
  });
});

function undefinedIn(options: object): KafkaTracingModuleOptions {
  return Object.fromEntries(Object.keys(options).map((option) => [option, undefined]));
}

function expectRefused(given: unknown, option: string, value: unknown): void {
  const error = refusalOf(given);
  expect(error).toBeInstanceOf(InvalidOptionError);
  expect(error).toMatchObject({ option, cure: expect.stringMatching(/\w/) });
  expect(error.value).toEqual(value);
  expect(error.message).toContain(`\`${option}\``);
  expect(error.message).toContain(error.cure);
}

function refusalOf(given: unknown): InvalidOptionError {
  try {
    resolveOptions(given as KafkaTracingModuleOptions);
  } catch (error) {
    return error as InvalidOptionError;
  }
  throw new Error('It was taken.');
}
