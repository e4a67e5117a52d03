import { type Attributes, SpanKind } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../../lib/kafka-tracing.options.js';
import type { TopicRule } from '../../../lib/topic.options.js';
import { resolveOptions } from '../../../lib/resolve-options.js';
import type { ClientOperation } from '../../../lib/tracing/sending/client-operation.js';
import { KafkaTracer } from '../../../lib/tracing/kafka-tracer.js';
import { recordReports } from '../../support/diag-reports.js';
import {
  exceptionsOf,
  expectChildOf,
  expectFailed,
  expectRoot,
  expectUnset,
} from '../../support/expectations.js';
import { useMetrics } from '../../support/metrics.js';
import { RecordingSampler } from '../../support/recording-sampler.js';
import { inSpan, useTracing } from '../../support/tracing.js';
import { unreadable } from '../../support/unreadable.js';

const OPERATION = 'messaging.client.operation.duration';
const ENDPOINT = { clientId: 'orders', brokers: ['kafka.test:9092'] };
const TICKS: TopicRule = { match: 'ticks-*', template: 'ticks-{id}' };

/** Offsets of these topics, sent to a transaction that is committed then. */
function sendOffsets(
  topics: readonly string[],
  options: KafkaTracingModuleOptions = {},
  outcome = (operation: ClientOperation): void => operation.succeeded(),
): boolean {
  const kafka = new KafkaTracer(resolveOptions({ semconv: 'latest', ...options }));
  const transaction = kafka.startTransaction(ENDPOINT, 't-1');
  const operation = kafka.startSendOffsets(ENDPOINT, 'group', topics, transaction);
  const { isWatched } = operation;
  outcome(operation);
  transaction.committed();
  return isWatched;
}

describe('the span of offsets that are sent', () => {
  const spans = useTracing();

  it.each<[topics: string[], name: string, attributes: Attributes]>([
    [['orders'], 'send_offsets orders', { 'messaging.destination.name': 'orders' }],
    [['orders', 'orders'], 'send_offsets orders', { 'messaging.destination.name': 'orders' }],
    [['orders', 'stock'], 'send_offsets', {}],
    [[], 'send_offsets', {}],
    [
      ['ticks-1'],
      'send_offsets ticks-{id}',
      { 'messaging.destination.name': 'ticks-1', 'messaging.destination.template': 'ticks-{id}' },
    ],
    [['ticks-1', 'ticks-2'], 'send_offsets', {}],
  ])('names the one topic that they are of: %j', async (topics, name, attributes) => {
    expect(sendOffsets(topics, { topics: [TICKS] })).toBe(true);
    const span = await spans.one(name);
    expect(span.kind).toBe(SpanKind.CLIENT);
    expectUnset(span);
    expectChildOf(span, await spans.one('transaction'));
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send_offsets',
      'messaging.operation.type': 'settle',
      'messaging.client.id': 'orders',
      'messaging.consumer.group.name': 'group',
      'server.address': 'kafka.test',
      'server.port': 9092,
      ...attributes,
    });
  });

  it.each<[topics: string[], options: KafkaTracingModuleOptions, isTraced: boolean]>([
    [['a'], { trace: false }, false],
    [[], { trace: false }, false],
    [['a'], { topics: [{ match: 'a', trace: false }] }, false],
    [['a', 'a'], { topics: [{ match: 'a', trace: false }] }, false],
    [['a', 'b'], { topics: [{ match: 'a', trace: false }] }, true],
    [['b', 'a'], { topics: [{ match: 'a', trace: false }] }, true],
    [['a', 'b'], { trace: false, topics: [{ match: 'b', trace: true }] }, true],
    [[], { topics: [{ match: '*', trace: false }] }, true],
    [['a'], { requireParent: true }, false],
    [[], { requireParent: true }, false],
  ])('is there where one of their topics is traced: %j with %j', (topics, options, isTraced) => {
    expect(sendOffsets(topics, options)).toBe(isTraced);
    expect(spans.finished.filter(({ name }) => name.startsWith('send_offsets'))).toHaveLength(
      isTraced ? 1 : 0,
    );
  });

  it('is a root where the transaction has none, and nothing is active', async () => {
    sendOffsets(['b'], { trace: false, topics: [{ match: 'b', trace: true }] });
    expectRoot(await spans.one('send_offsets b'));
  });

  it('is there with `requireParent` inside another span', async () => {
    await inSpan('caller', async () => sendOffsets(['a'], { requireParent: true }));
    expectChildOf(await spans.one('send_offsets a'), await spans.one('transaction'));
  });

  it.each<[what: string, error: unknown, type: string, message: string]>([
    ['an error', new RangeError('no'), 'RangeError', 'no'],
    [
      'a code of the broker',
      Object.assign(new Error('old'), { name: 'KafkaJSProtocolError', type: 'FENCED' }),
      'FENCED',
      'old',
    ],
    ['no error at all', 'no', '_OTHER', 'no'],
  ])('says why they were refused: %s', async (_what, error, type, message) => {
    sendOffsets(['orders'], {}, (operation) => operation.failed(error));
    const span = await spans.one('send_offsets orders');
    expectFailed(span, type, message);
    expect(exceptionsOf(span)).toEqual([message]);
    expectUnset(await spans.one('transaction'));
  });

  it('is there also where it cannot be described', async () => {
    const reports = recordReports();
    const kafka = new KafkaTracer(resolveOptions({}));
    const transaction = kafka.startTransaction({}, 't-1');
    kafka.startSendOffsets({ brokers: unreadable() }, 'group', ['orders'], transaction).succeeded();
    transaction.committed();
    expect((await spans.one('send_offsets orders')).attributes).toEqual({});
    expect(reports).toEqual([expect.stringContaining('failed to describe offsets')]);
  });
});

describe('what a sampler is asked about offsets', () => {
  const sampler = new RecordingSampler();
  useTracing({ sampler });

  it('has their topic and their group', () => {
    sendOffsets(['orders']);
    expect(sampler.asked.find(({ name }) => name.startsWith('send_offsets'))).toMatchObject({
      name: 'send_offsets orders',
      kind: SpanKind.CLIENT,
      attributes: { 'messaging.destination.name': 'orders', 'messaging.consumer.group.name': 'group' },
      links: 0,
    });
  });
});

describe('the measure of offsets that are sent', () => {
  const recorded = useMetrics();
  const spans = useTracing();

  const ofOffsets: Attributes = {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send_offsets',
    'messaging.operation.type': 'settle',
    'messaging.consumer.group.name': 'group',
    'server.address': 'kafka.test',
    'server.port': 9092,
  };

  it.each<[topics: string[], attributes: Attributes]>([
    [['orders'], { 'messaging.destination.name': 'orders' }],
    [['orders', 'stock'], {}],
    [['ticks-1'], { 'messaging.destination.template': 'ticks-{id}' }],
    [['ticks-1', 'ticks-2'], {}],
  ])('is taken also where they have no span: %j', async (topics, attributes) => {
    expect(sendOffsets(topics, { trace: false, topics: [TICKS] })).toBe(true);
    expect(await recorded.points(OPERATION)).toMatchObject([
      { value: 1, attributes: { ...ofOffsets, ...attributes } },
    ]);
    expect(Object.keys((await recorded.points(OPERATION))[0]?.attributes ?? {})).toHaveLength(
      Object.keys({ ...ofOffsets, ...attributes }).length,
    );
    expect(spans.finished).toEqual([]);
  });

  it('has the type of the error of the span', async () => {
    sendOffsets(['orders'], {}, (operation) => operation.failed(new RangeError('no')));
    expect((await recorded.one(OPERATION, 1)).attributes['error.type']).toBe('RangeError');
    expectFailed(await spans.one('send_offsets orders'), 'RangeError', 'no');
  });
});
