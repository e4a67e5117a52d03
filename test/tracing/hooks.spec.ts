import type { Span } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, vi } from 'vitest';
import { ask, callHook } from '../../lib/tracing/hooks.js';
import { NO_SPAN, TracedSpan } from '../../lib/tracing/traced-span.js';
import { recordReports } from '../support/diag-reports.js';
import { recordRejections } from '../support/rejections.js';
import { tracer, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const reportOf = (purpose: string): string =>
  `nestjs-kafka-tracing failed to ${purpose}; messages go their way without it.`;

function throwing(): never {
  throw new Error('no');
}

/** As of a library that has promises of its own. */
class OwnPromise {
  constructor(readonly settle: (reject: (error: Error) => void) => void) {}

  // oxlint-disable-next-line unicorn/no-thenable -- what a promise library of somebody's own makes.
  then(_resolve: unknown, reject: (error: Error) => void): void {
    this.settle(reject);
  }
}

describe('a hook', () => {
  const spans = useTracing();

  it('gets the span and the message', async () => {
    const span = new TracedSpan('send span', tracer().startSpan('send'));
    const message = {};
    const hook = vi.fn((given: Span) => given.setAttribute('team', 'a'));
    callHook('onSend', hook, span, message);
    span.end();
    expect(hook.mock.calls).toEqual([[span.span, message]]);
    expect((await spans.one('send')).attributes).toEqual({ team: 'a' });
  });

  it('is not called where nothing would be kept', () => {
    const hook = vi.fn();
    const ended = new TracedSpan('send span', tracer().startSpan('send'));
    ended.end();
    callHook('onSend', hook, ended, {});
    callHook('onSend', hook, NO_SPAN, {});
    expect(hook).not.toHaveBeenCalled();
  });
});

describe('a hook of a span that is not sampled', () => {
  useTracing({ sampler: new AlwaysOffSampler() });

  it('is not called', () => {
    const hook = vi.fn();
    callHook('onSend', hook, new TracedSpan('send span', tracer().startSpan('send')), {});
    expect(hook).not.toHaveBeenCalled();
  });
});

describe('a function of the user’s', () => {
  useTracing();

  it('is called, and its answer is returned', () => {
    const reports = recordReports();
    expect(ask('ask for seven', () => 7)).toBe(7);
    expect(ask('ask for nothing', () => null)).toBeNull();
    expect(reports).toEqual([]);
  });

  it('may throw, which is reported once', () => {
    const reports = recordReports();
    expect(ask('ask one that throws', throwing)).toBeUndefined();
    expect(ask('ask one that throws', throwing)).toBeUndefined();
    expect(reports).toEqual([reportOf('ask one that throws')]);
  });

  it.each<[what: string, answer: () => unknown]>([
    ['a promise', () => Promise.reject(new Error('no'))],
    ['an async function', async () => Promise.reject(new Error('no'))],
    ['a thenable', () => new OwnPromise((reject) => reject(new Error('no')))],
    ['a thenable that throws', () => new OwnPromise(throwing)],
  ])('may reject, which is reported and ends no process: %s', async (what, answer) => {
    const reports = recordReports();
    const rejections = recordRejections();
    ask(`ask ${what}`, answer);
    ask(`ask ${what}`, answer);
    await until('the rejection is reported', () => reports.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reports).toEqual([reportOf(`ask ${what}`)]);
    expect(rejections).toEqual([]);
  });

  it('may be a promise that is kept', async () => {
    const reports = recordReports();
    expect(await ask('ask a promise', async () => 7)).toBe(7);
    expect(reports).toEqual([]);
  });
});
