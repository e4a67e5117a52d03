import {
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../../lib/kafka-tracing.options.js';
import { resolveOptions } from '../../../lib/resolve-options.js';
import { KafkaTracer } from '../../../lib/tracing/kafka-tracer.js';
import type { Transaction } from '../../../lib/tracing/sending/transaction.js';
import { recordReports } from '../../support/diag-reports.js';
import { exceptionsOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { RecordingSampler } from '../../support/recording-sampler.js';
import { contextOf, remoteSpan, withBaggage } from '../../support/trace-context.js';
import { useTracing } from '../../support/tracing.js';
import { unreadable } from '../../support/unreadable.js';

const ENDPOINT = { clientId: 'orders', brokers: ['kafka.test:9092'] };

/** Begins a transaction in a context. */
function begin(active = ROOT_CONTEXT, options: KafkaTracingModuleOptions = {}, id?: string): Transaction {
  const kafka = new KafkaTracer(resolveOptions({ semconv: 'latest', ...options }));
  return context.with(active, () => kafka.startTransaction(ENDPOINT, id));
}

const NEITHER = 'The transaction was neither committed nor aborted.';
const first = new RangeError('first');
const second = new TypeError('second');

type Course = (transaction: Transaction) => void;

describe('a transaction', () => {
  const spans = useTracing();

  it.each<[how: string, course: Course, outcome: string | undefined, exceptions: readonly string[]]>([
    ['it was committed', (one) => one.committed(), 'committed', []],
    ['it was aborted', (one) => one.aborted(), 'aborted', []],
    [
      'it was committed in a second attempt',
      (one) => (one.failed(first), one.committed()),
      'committed',
      ['first'],
    ],
    ['it was committed, and then left', (one) => (one.committed(), one.left()), 'committed', []],
    ['it was aborted, and nothing else counts', (one) => (one.aborted(), one.failed(first)), 'aborted', []],
  ])('ends well where %s', async (_how, course, outcome, exceptions) => {
    const transaction = begin();
    expect(transaction.isRecording).toBe(true);
    course(transaction);
    expect(transaction.isRecording).toBe(false);
    const span = await spans.one('transaction');
    expectUnset(span);
    expect(span.attributes['nestjs.kafka.transaction.outcome']).toBe(outcome);
    expect(exceptionsOf(span)).toEqual(exceptions);
  });

  it.each<
    [how: string, course: Course, outcome: string | undefined, failed: [string, string], recorded: string[]]
  >([
    ['it could not be begun', (one) => one.refused(first), undefined, ['RangeError', 'first'], ['first']],
    ['nobody ended it', (one) => one.left(), 'left', ['_OTHER', NEITHER], []],
    [
      'it was left after a failure',
      (one) => (one.failed(first), one.left()),
      'left',
      ['RangeError', 'first'],
      ['first'],
    ],
    [
      'it was aborted after a failure',
      (one) => (one.failed(first), one.aborted()),
      'aborted',
      ['RangeError', 'first'],
      ['first'],
    ],
    [
      'it was left after two failures',
      (one) => (one.failed(first), one.failed(second), one.left()),
      'left',
      ['TypeError', 'second'],
      ['first', 'second'],
    ],
    [
      'nobody ended it, and then somebody did',
      (one) => (one.left(), one.committed()),
      'left',
      ['_OTHER', NEITHER],
      [],
    ],
    [
      'it failed with nothing at all',
      (one) => (one.failed(undefined), one.left()),
      'left',
      ['_OTHER', 'undefined'],
      ['undefined'],
    ],
  ])('ends as a failure where %s', async (_how, course, outcome, failed, recorded) => {
    course(begin());
    const span = await spans.one('transaction');
    expectFailed(span, ...failed);
    expect(span.attributes['nestjs.kafka.transaction.outcome']).toBe(outcome);
    expect(exceptionsOf(span)).toEqual(recorded);
  });

  it('ends also where the error itself fails', async () => {
    const reports = recordReports();
    const hostile = Object.defineProperty(new Error('x'), 'name', {
      get: () => {
        throw new Error('hostile');
      },
    });
    const transaction = begin();
    transaction.failed(hostile);
    transaction.left();
    await spans.one('transaction');
    expect(reports.length).toBeGreaterThan(0);
  });

  it('has a span also where it cannot be described', async () => {
    const reports = recordReports();
    const kafka = new KafkaTracer(resolveOptions({}));
    kafka.startTransaction({ brokers: unreadable() }, 't-1').committed();
    expect((await spans.one('transaction')).attributes).toEqual({
      'nestjs.kafka.transaction.outcome': 'committed',
    });
    expect(reports).toEqual([expect.stringContaining('failed to describe a transaction')]);
  });

  it.each<[what: string, options: KafkaTracingModuleOptions, active: typeof ROOT_CONTEXT]>([
    ['`trace: false`', { trace: false }, contextOf(1)],
    ['`requireParent`, and nothing active', { requireParent: true }, ROOT_CONTEXT],
    [
      '`requireParent`, and something invalid active',
      { requireParent: true },
      trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT),
    ],
  ])('has no span with %s, and then is nothing for what is sent in it', (_what, options, active) => {
    const transaction = begin(active, options);
    expect(transaction.isRecording).toBe(false);
    expect(transaction.callerIn(active)).toEqual({ active, parent: active, links: [] });
    transaction.failed(first);
    transaction.committed();
    expect(spans.finished).toEqual([]);
  });

  it('takes no notice of the rules of topics: it may send to any', async () => {
    begin(ROOT_CONTEXT, { topics: [{ match: '*', trace: false }] }).committed();
    await spans.one('transaction');
  });
});

describe('where a send of a transaction comes from', () => {
  const spans = useTracing();
  const here = contextOf(1);
  const elsewhere = contextOf(2);

  it.each<[what: string, begunIn: typeof ROOT_CONTEXT, sentIn: typeof ROOT_CONTEXT]>([
    ['in the span in which it was begun', here, here],
    ['in that span, with other baggage', here, withBaggage(here, { tenant: 'blue' })],
    ['where nothing is active, as it was begun', ROOT_CONTEXT, ROOT_CONTEXT],
    ['where nothing is active any more', here, ROOT_CONTEXT],
    [
      'where nothing valid is active',
      here,
      trace.setSpanContext(ROOT_CONTEXT, { ...remoteSpan(3), spanId: '0000000000000000' }),
    ],
  ])('is the transaction %s', async (_what, begunIn, sentIn) => {
    const transaction = begin(begunIn);
    const { active, parent, links } = transaction.callerIn(sentIn);
    transaction.committed();
    expect(active).toBe(sentIn);
    expect(trace.getSpanContext(parent)).toEqual((await spans.one('transaction')).spanContext());
    expect(propagation.getBaggage(parent)).toBe(propagation.getBaggage(sentIn));
    expect(links).toEqual([]);
  });

  it.each<[what: string, begunIn: typeof ROOT_CONTEXT, sentIn: typeof ROOT_CONTEXT]>([
    ['another one', here, elsewhere],
    ['one, where it was begun in none', ROOT_CONTEXT, elsewhere],
    [
      'another one of the same trace',
      here,
      trace.setSpanContext(ROOT_CONTEXT, { ...remoteSpan(1), spanId: remoteSpan(2).spanId }),
    ],
  ])('is the span that sends, linked to the transaction: %s', async (_what, begunIn, sentIn) => {
    const transaction = begin(begunIn);
    const caller = transaction.callerIn(sentIn);
    transaction.committed();
    const link = (await spans.one('transaction')).spanContext();
    expect(caller).toEqual({ active: sentIn, parent: sentIn, links: [link] });
  });
});

describe('what a sampler is asked about a transaction', () => {
  const sampler = new RecordingSampler();
  useTracing({ sampler });

  it.each<[id: string | undefined, attributes: object]>([
    ['t-1', { 'nestjs.kafka.transactional_id': 't-1' }],
    [undefined, {}],
  ])('has its id and where it goes: %s', (id, attributes) => {
    begin(ROOT_CONTEXT, {}, id).committed();
    expect(sampler.asked.splice(0)).toEqual([
      {
        name: 'transaction',
        kind: SpanKind.INTERNAL,
        attributes: {
          'messaging.system.name': 'kafka',
          'messaging.client.id': 'orders',
          'server.address': 'kafka.test',
          'server.port': 9092,
          ...attributes,
        },
        links: 0,
      },
    ]);
  });
});
