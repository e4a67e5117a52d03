import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  TraceFlags,
  type TracerProvider,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
import { AlwaysOnSampler, BasicTracerProvider, ParentBasedSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../lib/kafka-tracing.options.js';
import { resolveOptions } from '../../lib/resolve-options.js';
import type { DescribedMessage } from '../../lib/tracing/attributes.js';
import { Delivery } from '../../lib/tracing/processing/delivery.js';
import { KafkaTracer, contextWithin } from '../../lib/tracing/kafka-tracer.js';
import type { Sending } from '../../lib/tracing/sending/sending.js';
import { recordReports } from '../support/diag-reports.js';
import { expectChildOf, expectLinkedTo, expectRoot } from '../support/expectations.js';
import { RecordingSampler } from '../support/recording-sampler.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { inSpan, useTracing } from '../support/tracing.js';

const ENDPOINT = { clientId: 'orders', groupId: 'group', brokers: ['kafka.test:9092'] };

function tracerWith(options: KafkaTracingModuleOptions = {}): KafkaTracer {
  return new KafkaTracer(resolveOptions({ semconv: 'latest', ...options }));
}

/** Sends one message that the broker takes. */
function send(message: DescribedMessage = {}, options: KafkaTracingModuleOptions = {}) {
  const sending = tracerWith(options).startSend(ENDPOINT, 'orders', message);
  const { isWatched } = sending;
  sending.succeeded([{ partition: 0, offset: '0' }]);
  return { headers: headersOf(sending), isWatched };
}

function headersOf(sending: Sending): unknown {
  return sending.headers[0]?.[0];
}

/** Handles one message well. */
function process(message: DescribedMessage = {}, options: KafkaTracingModuleOptions = {}): Delivery {
  const delivery = tracerWith(options).startProcess({
    endpoint: ENDPOINT,
    topic: 'orders',
    partition: 3,
    message,
  });
  delivery.end();
  return delivery;
}

describe('the span of a send', () => {
  const spans = useTracing();

  it('is a producer span in the context of the caller, and the message carries it', async () => {
    const { headers } = await inSpan('caller', async () => send({ headers: { a: 'b' } }));
    const span = await spans.one('send orders');
    expect(span.kind).toBe(SpanKind.PRODUCER);
    expect(span.links).toEqual([]);
    expect(span.instrumentationScope).toMatchObject({ name: 'nestjs-kafka-tracing', version: '0.1.0' });
    expectChildOf(span, await spans.one('caller'));
    const { traceId, spanId } = span.spanContext();
    expect(headers).toEqual({ a: 'b', traceparent: `00-${traceId}-${spanId}-01` });
  });

  it('keeps a creation context that the message has: it only sends it, and links to it', async () => {
    const headers = { traceparent: Buffer.from(traceparent(1)), tracestate: 'a=1', baggage: 'own=1' };
    const sent = await inSpan('caller', async () => send({ headers }));
    const span = await spans.one('send orders');
    expect(sent.headers).toBe(headers);
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.links.map((link) => link.context)).toMatchObject([remoteSpan(1)]);
    expectChildOf(span, await spans.one('caller'));
  });

  it('is a child of the kept creation context where no span is active', async () => {
    send({ headers: { traceparent: traceparent(1) } });
    const span = await spans.one('send orders');
    expect(span.parentSpanContext).toMatchObject(remoteSpan(1));
    expect(span.links.map((link) => link.context)).toMatchObject([remoteSpan(1)]);
  });

  it('replaces an echo of the message that is being handled', async () => {
    const headers = { traceparent: Buffer.from(traceparent(1)), other: 'x' };
    const delivery = tracerWith().startProcess({
      endpoint: ENDPOINT,
      topic: 'orders',
      partition: 0,
      message: { headers },
    });
    const sent = context.with(delivery.context, () => send({ headers }));
    delivery.end();
    const span = await spans.one('send orders');
    expect(span.kind).toBe(SpanKind.PRODUCER);
    expect(span.links).toEqual([]);
    expectChildOf(span, await spans.one('process orders'));
    const { traceId, spanId } = span.spanContext();
    expect(sent.headers).toEqual({ other: 'x', traceparent: `00-${traceId}-${spanId}-01` });
  });

  it.each(['both', 'parent', 'link'] as const)('knows an echo also with relation %s', async (relation) => {
    const headers = { traceparent: traceparent(1) };
    const delivery = tracerWith({ relation }).startProcess({
      endpoint: ENDPOINT,
      topic: 'orders',
      partition: 0,
      message: { headers },
    });
    context.with(delivery.context, () => send({ headers }));
    delivery.end();
    expect((await spans.one('send orders')).kind).toBe(SpanKind.PRODUCER);
  });
});

describe('the span of a delivery', () => {
  const spans = useTracing();
  const headers = { traceparent: traceparent(1), baggage: 'tenant=blue' };

  it("is a child of the creation context and linked to it, with relation 'both'", async () => {
    process({ headers });
    const span = await spans.one('process orders');
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.parentSpanContext).toMatchObject(remoteSpan(1));
    expect(span.links.map((link) => link.context)).toMatchObject([remoteSpan(1)]);
  });

  it("is only a child of it, with relation 'parent'", async () => {
    process({ headers }, { relation: 'parent' });
    const span = await spans.one('process orders');
    expect(span.parentSpanContext).toMatchObject(remoteSpan(1));
    expect(span.links).toEqual([]);
  });

  it("is the linked root of a trace of its own, with relation 'link'", async () => {
    process({ headers }, { relation: 'link' });
    const span = await spans.one('process orders');
    expectRoot(span);
    expect(span.spanContext().traceId).not.toBe(remoteSpan(1).traceId);
    expect(span.links.map((link) => link.context)).toMatchObject([remoteSpan(1)]);
  });

  it.each(['both', 'parent', 'link'] as const)('is active with the baggage, with relation %s', (relation) => {
    const delivery = process({ headers }, { relation });
    expect(propagation.getBaggage(delivery.context)?.getEntry('tenant')).toEqual({ value: 'blue' });
    expect(trace.getSpanContext(delivery.context)?.spanId).not.toBe(remoteSpan(1).spanId);
    expect(Delivery.in(delivery.context)).toBe(delivery);
  });

  it.each<[what: string, headers: unknown]>([
    ['no headers', undefined],
    ['null', null],
    ['an invalid traceparent', { traceparent: 'x' }],
  ])('is a root without links where the message has %s', async (_what, none) => {
    process({ headers: none });
    const span = await spans.one('process orders');
    expectRoot(span);
    expect(span.links).toEqual([]);
  });

  it.each(['both', 'parent', 'link'] as const)(
    'links to an ambient span, with relation %s',
    async (relation) => {
      await inSpan('ambient', async () => process({ headers }, { relation }));
      const span = await spans.one('process orders');
      const ambient = await spans.one('ambient');
      expect(span.links.at(-1)?.context).toEqual(ambient.spanContext());
      expect(span.links).toHaveLength(relation === 'parent' ? 1 : 2);
      expect(span.parentSpanContext?.spanId).toBe(relation === 'link' ? undefined : remoteSpan(1).spanId);
    },
  );

  it('links to an ambient span and is yet a root where the message has no context', async () => {
    await inSpan('ambient', async () => process());
    expectRoot(await spans.one('process orders'));
    expectLinkedTo(await spans.one('process orders'), await spans.one('ambient'));
  });

  it('says that no handler was registered', async () => {
    tracerWith()
      .startProcess({
        endpoint: ENDPOINT,
        topic: 'orders',
        partition: 0,
        message: {},
        handlers: { isMissing: true },
      })
      .end();
    expect((await spans.one('process orders')).attributes['nestjs.kafka.handler.missing']).toBe(true);
  });
});

describe('the span of a step', () => {
  const spans = useTracing();

  it('is a child of the process span, in what is active', async () => {
    const tracer = tracerWith();
    const delivery = tracer.startProcess({ endpoint: ENDPOINT, topic: 'orders', partition: 0, message: {} });
    context.with(propagation.setBaggage(delivery.context, propagation.createBaggage()), () => {
      expect(contextWithin(delivery)).toBe(context.active());
      tracer.startStep('step', delivery).end();
    });
    expect(contextWithin(delivery)).toBe(delivery.context);
    tracer.startStep('step', delivery).end();
    delivery.end();
    for (const step of await spans.all('step', 2)) {
      expect(step.kind).toBe(SpanKind.INTERNAL);
      expectChildOf(step, await spans.one('process orders'));
    }
  });
});

describe('the correlation header', () => {
  useTracing();
  const options = { correlationId: 'correlation_id' };

  it('is the trace id of what the message carries', () => {
    const sent = send({}, options).headers as Record<string, string>;
    expect(sent['correlation_id']).toBe(sent['traceparent']?.split('-')[1]);
    expect(send({ headers: { traceparent: traceparent(1) } }, options).headers).toEqual({
      traceparent: traceparent(1),
      correlation_id: remoteSpan(1).traceId,
    });
  });

  it('is kept where the message has one', () => {
    expect(send({ headers: { correlation_id: 'mine' } }, options).headers).toMatchObject({
      correlation_id: 'mine',
    });
  });

  it('is absent by default, and where there is no span', () => {
    expect(send().headers).not.toHaveProperty('correlation_id');
    expect(tracerWith(options).inject(undefined, ROOT_CONTEXT)).toBeUndefined();
  });
});

const operation = (name: string) => ({
  'messaging.operation.name': name,
  'messaging.operation.type': name,
});

describe('a process span', () => {
  const spans = useTracing({ propagator: false });

  it('is a root without a link where the propagator found ids that are none', async () => {
    propagation.setGlobalPropagator(new JaegerPropagator());
    process({ headers: { 'uber-trace-id': 'zz:1:0:1' } });
    const { links, parentSpanContext } = await spans.one('process orders');
    expect(links).toEqual([]);
    expect(parentSpanContext).toBeUndefined();
  });

  it.each<[what: string, spanContext: unknown]>([
    ['nothing', null],
    ['ids that are none', { traceId: 'z'.repeat(32), spanId: 'z'.repeat(16), traceFlags: 1 }],
  ])('ends where the propagator found %s', async (_what, found) => {
    propagation.setGlobalPropagator({
      extract: (active) => trace.setSpan(active, { spanContext: () => found } as unknown as Span),
      inject: () => undefined,
      fields: () => ['traceparent'],
    });
    process({ headers: { traceparent: 'x' } });
    expect((await spans.one('process orders')).links).toEqual([]);
  });
});

describe('what a sampler is asked', () => {
  const sampler = new RecordingSampler();
  useTracing({ sampler });

  it('has what is the same for all messages of the partition, as the conventions ask, and nothing of the message itself', () => {
    send({ key: 'k', value: null, partition: 3 });
    process({ key: 'k', value: 'v', partition: 3, offset: '42', headers: { traceparent: traceparent(1) } });
    const common = {
      'messaging.system.name': 'kafka',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.client.id': 'orders',
      'messaging.consumer.group.name': 'group',
      'server.address': 'kafka.test',
      'server.port': 9092,
    };
    expect(sampler.asked).toEqual([
      {
        name: 'send orders',
        kind: SpanKind.PRODUCER,
        attributes: { ...common, ...operation('send') },
        links: 0,
      },
      {
        name: 'process orders',
        kind: SpanKind.CONSUMER,
        attributes: { ...common, ...operation('process') },
        links: 0, // To its parent it is added where the span is recorded.
      },
    ]);
  });
});

describe('sampling by the parent', () => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });
  const headers = { traceparent: traceparent(1, TraceFlags.NONE) };

  it('records nothing below an unsampled producer, and yet passes its context on', () => {
    const delivery = process({ headers });
    expect(delivery.isRecording).toBe(false);
    const sent = context.with(delivery.context, () => send()).headers as Record<string, string>;
    expect(spans.finished).toEqual([]);
    expect(sent['traceparent']).toMatch(new RegExp(`^00-${remoteSpan(1).traceId}-[\\da-f]{16}-00$`));
  });

  it('decides anew for a root that only links to it', async () => {
    process({ headers }, { relation: 'link' });
    expectRoot(await spans.one('process orders'));
  });
});

describe('a tracer provider', () => {
  const spans = useTracing();

  it('counts from when it is registered, also after another one', async () => {
    const tracer = tracerWith();
    trace.disable();
    const before = tracer.startSend(ENDPOINT, 'before', {});
    expect(before.isWatched).toBe(false);
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [spans] }));
    tracer.startSend(ENDPOINT, 'after', {}).succeeded([{ partition: 0, offset: '0' }]);
    await spans.one('send after');
    trace.disable();
    trace.setGlobalTracerProvider(new BasicTracerProvider());
    tracer.startSend(ENDPOINT, 'elsewhere', {}).succeeded([{ partition: 0, offset: '0' }]);
    expect(spans.named('send elsewhere')).toEqual([]);
  });

  it('that fails does not leave the spans to the one before it', async () => {
    recordReports();
    const tracer = tracerWith();
    tracer.startSend(ENDPOINT, 'first', {}).succeeded([{ partition: 0, offset: '0' }]);
    trace.disable();
    const failing: TracerProvider = {
      getTracer: () => {
        throw new Error('boom');
      },
    };
    trace.setGlobalTracerProvider(failing);
    for (const topic of ['second', 'third']) {
      expect(headersOf(tracer.startSend(ENDPOINT, topic, {}))).toBeUndefined();
    }
    expect(spans.finished.map(({ name }) => name)).toEqual(['send first']);
  });
});

const hostile = (more: object = {}): object =>
  Object.defineProperty({ ...more }, 'hostile', { enumerable: true, get: boom });

describe('headers that fail when they are copied', () => {
  const spans = useTracing();

  it.each<[what: string, headers: object]>([
    ['without a creation context', hostile()],
    ['with one that is kept', hostile({ traceparent: traceparent(1) })],
    ['with a repeated one', hostile({ traceparent: [traceparent(1), traceparent(2)] })],
  ])('are sent as they are, and the span ends: %s', async (_what, headers) => {
    recordReports();
    expect(send({ headers }, { correlationId: 'id' }).headers).toBe(headers);
    await spans.one('send orders');
  });
});

describe('without an SDK but with a propagator', () => {
  useTracing({ tracerProvider: false });

  it('passes on the context that came in', () => {
    const delivery = process({ headers: { traceparent: traceparent(1) } });
    expect(delivery.isRecording).toBe(false);
    const { headers, isWatched } = context.with(delivery.context, () => send({ headers: { a: 'b' } }));
    expect(isWatched).toBe(false);
    expect(headers).toEqual({ a: 'b', traceparent: traceparent(1) });
  });

  it('writes nothing where no context came in', () => {
    const given = { a: 'b' };
    expect(send({ headers: given }).headers).toBe(given);
  });
});

function boom(): never {
  throw new Error('boom');
}
