import { type ContextManager, ROOT_CONTEXT, context, diag } from '@opentelemetry/api';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { recordReports } from '../support/diag-reports.js';
import { contextOf } from '../support/trace-context.js';
import { afterTest, useTracing } from '../support/tracing.js';

type FailOpen = typeof import('../../lib/tracing/fail-open.js');

const boom = (): never => {
  throw new Error('boom');
};

describe('fail open', () => {
  useTracing({ contextManager: false });
  let failOpen: FailOpen;

  beforeEach(async () => {
    vi.resetModules(); // What was reported is remembered for the life of the process.
    failOpen = await import('../../lib/tracing/fail-open.js');
  });

  it('returns what the work returns', () => {
    const reports = recordReports();
    expect(failOpen.attempt('work', () => 7)).toBe(7);
    expect(reports).toEqual([]);
  });

  it('turns what the work throws into undefined, and reports each purpose once', () => {
    const reports = recordReports();
    for (const purpose of ['one thing', 'one thing', 'another thing']) {
      expect(failOpen.attempt(purpose, boom)).toBeUndefined();
    }
    expect(reports).toEqual([
      'nestjs-kafka-tracing failed to one thing; messages go their way without it.',
      'nestjs-kafka-tracing failed to another thing; messages go their way without it.',
    ]);
  });

  it('outlives a logger that throws', () => {
    const logger = { error: boom, warn: () => {}, info: () => {}, debug: () => {}, verbose: () => {} };
    diag.setLogger(logger, { suppressOverrideMessage: true });
    afterTest(() => diag.disable());
    expect(failOpen.attempt('work', boom)).toBeUndefined();
  });

  const managers: [what: string, parts: Partial<ContextManager>, reported: number][] = [
    ['works', {}, 0],
    ['fails before it calls', { with: boom }, 1],
    [
      'fails after it called',
      {
        with: (_context, work, self, ...args) => {
          work.apply(self as never, args);
          return boom();
        },
      },
      1,
    ],
  ];

  it.each(managers)('runs work once under a context manager that %s', (_what, parts, reported) => {
    register(parts);
    const reports = recordReports();
    const work = vi.fn(() => 'done');
    expect(failOpen.within(contextOf(1), work)).toBe('done');
    expect(work).toHaveBeenCalledOnce();
    expect(reports).toHaveLength(reported);
  });

  it.each(managers)('throws what work throws under a context manager that %s', (_what, parts) => {
    register(parts);
    recordReports();
    const work = vi.fn(() => {
      throw new TypeError('of the work');
    });
    expect(() => failOpen.within(contextOf(1), work)).toThrow(new TypeError('of the work'));
    expect(work).toHaveBeenCalledOnce();
  });

  it('knows no active context where the context manager does not tell', () => {
    register({ active: boom });
    const reports = recordReports();
    expect(failOpen.activeContext()).toBeUndefined();
    expect(reports).toHaveLength(1);
  });
});

function register(parts: Partial<ContextManager>): void {
  const manager: ContextManager = {
    active: () => ROOT_CONTEXT,
    with: (_context, work, self, ...args) => work.apply(self as never, args),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
    ...parts,
  };
  context.setGlobalContextManager(manager);
  afterTest(() => context.disable());
}
