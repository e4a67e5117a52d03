import { TraceFlags, propagation } from '@opentelemetry/api';
import { ParentBasedSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../lib/kafka-tracing.options.js';
import type { Relation } from '../../lib/topic.options.js';
import { resolveOptions } from '../../lib/resolve-options.js';
import type { RecordedSpan } from '../../lib/testing/recorded-span.js';
import type { Delivery } from '../../lib/tracing/processing/delivery.js';
import { within } from '../../lib/tracing/fail-open.js';
import { KafkaTracer } from '../../lib/tracing/kafka-tracer.js';
import { recordReports } from '../support/diag-reports.js';
import { expectChildOf } from '../support/expectations.js';
import { contextOf, remoteSpan, traceparent, withBaggage } from '../support/trace-context.js';
import { inSpan, useTracing } from '../support/tracing.js';

const RELATIONS: readonly Relation[] = ['both', 'parent', 'link'];

function process(headers: object, options: KafkaTracingModuleOptions, handlers = {}): Delivery {
  const tracer = new KafkaTracer(resolveOptions(options));
  const delivery = tracer.startProcess({
    endpoint: {},
    topic: 'orders',
    partition: 0,
    message: { headers },
    handlers,
  });
  delivery.end();
  return delivery;
}

function send(headers: object, options: KafkaTracingModuleOptions): unknown {
  const sending = new KafkaTracer(resolveOptions(options)).startSend({}, 'orders', { headers });
  sending.succeeded([{ partition: 0, offset: '0' }]);
  return sending.headers[0]?.[0];
}

function throwing(): never {
  throw new Error('no');
}

const shape = (span: RecordedSpan) => ({
  parent: span.parentSpanContext?.spanId,
  links: span.links.map((link) => link.context.spanId),
});

describe('trust', () => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });
  const stranger = remoteSpan(1);
  const headers = { traceparent: traceparent(1, TraceFlags.NONE), baggage: 'admin=true', tracestate: 'a=1' };

  it.each(RELATIONS)('restarts the trace whatever the relation: %s', async (relation) => {
    const delivery = process(headers, { trust: 'restart', relation });
    const span = await spans.one('process orders');
    expect(shape(span)).toEqual({ parent: undefined, links: [stranger.spanId] });
    expect(span.spanContext().traceId).not.toBe(stranger.traceId);
    expect(span.spanContext().traceState?.get('a')).toBeUndefined();
    expect(propagation.getBaggage(delivery.context)).toBeUndefined();
  });

  it.each(RELATIONS)('ignores the stranger whatever the relation: %s', async (relation) => {
    const delivery = process(headers, { trust: 'ignore', relation });
    expect(shape(await spans.one('process orders'))).toEqual({ parent: undefined, links: [] });
    expect(propagation.getBaggage(delivery.context)).toBeUndefined();
  });

  it('lets no stranger decide what is sampled: he can neither force it nor prevent it', async () => {
    process(headers, { trust: 'continue' });
    expect(spans.finished).toEqual([]);
    process(headers, { trust: 'restart' });
    await spans.one('process orders');
  });

  it.each(['continue', 'restart', 'ignore'] as const)('knows an echo under %s', async (trust) => {
    const sampled = { traceparent: traceparent(1) };
    const delivery = process(sampled, { trust });
    within(delivery.context, () => send({ ...sampled }, {}));
    expectChildOf(await spans.one('send orders'), await spans.one('process orders'));
    expect((await spans.one('send orders')).links).toEqual([]);
  });

  it('is what the handler says, before the rules and the module', async () => {
    const topics = [{ match: 'orders', trust: 'restart' }] as const;
    process({ traceparent: traceparent(1) }, { topics }, { trust: 'ignore', relation: 'parent' });
    expect(shape(await spans.one('process orders'))).toEqual({ parent: undefined, links: [] });
  });
});

describe('relation of a topic', () => {
  const spans = useTracing();
  const headers = { traceparent: traceparent(1), baggage: 'tenant=a' };

  it.each<[relation: Relation, parent: boolean, link: boolean]>([
    ['both', true, true],
    ['parent', true, false],
    ['link', false, true],
  ])('%s', async (relation, isChild, isLinked) => {
    const { spanId } = remoteSpan(1);
    const delivery = process(headers, { topics: [{ match: 'ord*', relation }] });
    expect(shape(await spans.one('process orders'))).toEqual({
      parent: isChild ? spanId : undefined,
      links: isLinked ? [spanId] : [],
    });
    expect(propagation.getBaggage(delivery.context)?.getEntry('tenant')?.value).toBe('a');
  });

  it('names the span and its attribute by the template', async () => {
    process(headers, { topics: [{ match: 'orders', template: 'orders-{region}' }] });
    const span = await spans.one('process orders-{region}');
    expect(span.attributes).toMatchObject({
      'messaging.destination.name': 'orders',
      'messaging.destination.template': 'orders-{region}',
    });
  });

  it('falls back to the module where the function of a rule throws, and says so', async () => {
    const reports = recordReports();
    process(headers, { relation: 'parent', topics: [{ match: throwing, relation: 'link' }] });
    expect(shape(await spans.one('process orders')).links).toEqual([]);
    expect(reports.join()).toContain('find the rule of a topic');
  });
});

describe('existingContext', () => {
  const spans = useTracing();
  const preset = { Traceparent: Buffer.from(traceparent(1)), tracestate: 'a=1', other: Buffer.from([0, 1]) };

  it('is replaced under overwrite, in every letter case, and other headers stay as they are', async () => {
    const headers = send(preset, { existingContext: 'overwrite' });
    const { traceId, spanId } = (await spans.one('send orders')).spanContext();
    expect(headers).toEqual({ traceparent: `00-${traceId}-${spanId}-01`, other: preset.other });
    expect(shape(await spans.one('send orders'))).toEqual({ parent: undefined, links: [] });
  });

  it('is what the rule of the topic says', async () => {
    const topics = [{ match: 'orders', existingContext: 'preserve' }] as const;
    expect(send(preset, { existingContext: 'overwrite', topics })).toBe(preset);
    await spans.one('send orders');
  });
});

describe('requireParent', () => {
  const spans = useTracing();
  const options = { requireParent: true };

  it('has no span where none is active, and propagates what there is', async () => {
    expect(send({ a: '1' }, options)).toEqual({ a: '1' });
    within(withBaggage(contextOf(1), { tenant: 'a' }), () => send({}, options));
    await spans.one('send orders');
    expect(spans.finished).toHaveLength(1);
  });

  it('keeps a preset context without a span of its own', () => {
    const headers = { traceparent: traceparent(1) };
    expect(send(headers, options)).toBe(headers);
    expect(spans.finished).toEqual([]);
  });

  it('has a span inside another one', async () => {
    await inSpan('caller', async () => send({}, options));
    expectChildOf(await spans.one('send orders'), await spans.one('caller'));
  });
});
