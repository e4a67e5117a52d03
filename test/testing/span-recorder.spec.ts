import { ROOT_CONTEXT, context, diag, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { type RecordedSpan, SpanRecorder } from 'nestjs-kafka-tracing/testing';
import { contextOf, remoteSpan, traceparent } from '../support/trace-context.js';

function recording(options?: ConstructorParameters<typeof SpanRecorder>[0]) {
  const spans = new SpanRecorder(options);
  const tracer = new BasicTracerProvider({ spanProcessors: [spans] }).getTracer('application');
  const end = (...names: readonly string[]): void =>
    names.forEach((name) => tracer.startSpan(name, {}, ROOT_CONTEXT).end());
  return { spans, tracer, end };
}

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
  diag.disable();
});

describe('SpanRecorder on a provider of the application', () => {
  it('is a span processor of the SDK, whose spans are what it records', () => {
    expectTypeOf<SpanRecorder>().toExtend<SpanProcessor>();
    expectTypeOf<ReadableSpan>().toExtend<RecordedSpan>();
  });

  it('knows which spans are open, and which have ended, in the order in which they did', () => {
    const { spans, tracer, end } = recording();
    const outer = tracer.startSpan('outer');
    end('inner');

    expect(spans.open.map(({ name }) => name)).toEqual(['outer']);
    outer.end();

    expect(spans.open).toEqual([]);
    expect(spans.finished.map(({ name }) => name)).toEqual(['inner', 'outer']);
    expect(spans.named('outer')).toEqual([outer]);
  });

  it('waits for the only span of a name', async () => {
    const { spans, tracer } = recording();
    const span = tracer.startSpan('process orders');

    const one = spans.one('process orders');
    span.end();

    expect(await one).toBe(span);
    expect(await spans.one('process orders')).toBe(span);
  });

  it('waits until as many spans of a name as are expected have ended', async () => {
    const { spans, end } = recording();
    end('process orders');

    const both = spans.all('process orders', 2);
    end('send orders', 'process orders');

    expect(await both).toEqual(spans.named('process orders'));
  });

  it('says what it waited for and what is there, where the name is another', async () => {
    const { spans, tracer, end } = recording({ deadlineMs: 1 });
    end('send orders', 'process payments', 'process payments');
    const open = tracer.startSpan('request stock');

    await expect(spans.one('process orders')).rejects.toMatchObject({
      name: 'SpanRecorderError',
      code: 'SPAN_RECORDER_TOO_FEW',
      message:
        'Waited 1 ms until 1 of `process orders` ended, in vain. ' +
        'Ended: send orders, process payments (2); open: request stock. ' +
        'Compare the names, or raise `deadlineMs`.',
    });
    open.end();
  });

  it('says so where the awaited span is open', async () => {
    const { spans, tracer } = recording({ deadlineMs: 1 });
    const open = tracer.startSpan('process orders');

    await expect(spans.one('process orders')).rejects.toThrow(
      'Ended: none; open: process orders. One is open: let the test await what ends it',
    );
    open.end();
  });

  it('says how to be told of spans, where there was none at all', async () => {
    await expect(new SpanRecorder({ deadlineMs: 0 }).one('process orders')).rejects.toMatchObject({
      cure: expect.stringContaining('give this recorder to the tracer provider'),
    });
  });

  it('refuses more spans of a name than are expected, and says where they are', async () => {
    const { spans, end } = recording();
    end('send orders', 'send orders');
    const [first, second] = spans.finished.map((span) => span.spanContext());

    await expect(spans.one('send orders')).rejects.toMatchObject({
      code: 'SPAN_RECORDER_TOO_MANY',
      message: expect.stringContaining(
        'Expected 1 of `send orders`, and 2 have ended: ' +
          `trace ${first?.traceId}, span ${first?.spanId}; trace ${second?.traceId}, span ${second?.spanId}.`,
      ),
    });
  });

  it('forgets what was recorded, also what ends only later', () => {
    const { spans, tracer, end } = recording();
    const late = tracer.startSpan('process orders');
    end('send orders');

    spans.reset();
    late.end();

    expect([spans.open, spans.finished]).toEqual([[], []]);
  });

  it('keeps what was recorded when the provider is flushed and shut down', async () => {
    const spans = new SpanRecorder();
    const provider = new BasicTracerProvider({ spanProcessors: [spans] });
    provider.getTracer('application').startSpan('send orders').end();

    await provider.forceFlush();
    await provider.shutdown();

    expect(spans.named('send orders')).toHaveLength(1);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5' as never])(
    'refuses %o as a deadline',
    (deadlineMs) => {
      const problem = `Expected \`deadlineMs\` to be a number of milliseconds from 0 up, got \`${deadlineMs}\` (${typeof deadlineMs}).`;
      expect(() => new SpanRecorder({ deadlineMs })).toThrow(`${problem} Leave it out to get 4000.`);
    },
  );
});

describe('SpanRecorder that brings a provider', () => {
  it('records the spans of the process, in context, and writes and reads the W3C headers', async () => {
    const spans = await SpanRecorder.start();
    const carrier: Record<string, string> = {};

    trace.getTracer('application').startActiveSpan('create_order', (span) => {
      propagation.inject(context.active(), carrier);
      span.end();
    });
    const received = propagation.extract(ROOT_CONTEXT, { traceparent: traceparent(7), baggage: 'tenant=a' });
    spans.stop();

    const { traceId, spanId } = (await spans.one('create_order')).spanContext();
    expect(carrier).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
    expect(trace.getSpanContext(received)).toEqual(remoteSpan(7));
    expect(propagation.getBaggage(received)?.getEntry('tenant')?.value).toBe('a');
  });

  it('asks the sampler that it is given', async () => {
    const spans = await SpanRecorder.start({ sampler: new AlwaysOffSampler() });

    trace.getTracer('application').startSpan('create_order').end();

    expect(spans.finished).toEqual([]);
  });

  it('leaves nothing registered when it has stopped', async () => {
    const spans = await SpanRecorder.start();

    spans.stop();
    spans.stop();

    expect(registered()).toEqual({ tracerProvider: false, contextManager: false, propagator: false });
  });

  it('can be started again when it has stopped', async () => {
    (await SpanRecorder.start()).stop();

    const spans = await SpanRecorder.start();
    trace.getTracer('application').startSpan('create_order').end();

    expect(spans.named('create_order')).toHaveLength(1);
  });

  it('leaves the context manager and the propagator of the application in place, and takes away only its own', async () => {
    const propagator = new W3CTraceContextPropagator();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(propagator);

    const spans = await SpanRecorder.start();
    expect(propagation.fields()).toEqual(propagator.fields());
    spans.stop();

    expect(registered()).toEqual({ tracerProvider: false, contextManager: true, propagator: true });
  });

  it('leaves alone what was registered in its place', async () => {
    const first = await SpanRecorder.start();
    trace.disable();
    context.disable();
    propagation.disable();
    const second = await SpanRecorder.start();

    first.stop();
    trace.getTracer('application').startSpan('create_order').end();

    expect(registered()).toEqual({ tracerProvider: true, contextManager: true, propagator: true });
    expect(second.named('create_order')).toHaveLength(1);
  });

  it('is refused where the process has a provider, and then registers nothing', async () => {
    trace.setGlobalTracerProvider(new BasicTracerProvider());

    await expect(SpanRecorder.start()).rejects.toMatchObject({
      code: 'SPAN_RECORDER_PROVIDER_REGISTERED',
      cure: expect.stringContaining('new NodeSDK({ spanProcessors: [new SpanRecorder()] })'),
    });
    expect(registered()).toEqual({ tracerProvider: true, contextManager: false, propagator: false });
  });
});

describe("SpanRecorder with the application's SDK", () => {
  afterEach(() => {
    ['sdk-trace', 'sdk-trace-base', 'core', 'context-async-hooks'].forEach((name) =>
      vi.doUnmock(`@opentelemetry/${name}`),
    );
  });

  it('takes sdk-trace-base where there is no sdk-trace, as before 2.9', async () => {
    uninstall('sdk-trace');

    const spans = await SpanRecorder.start();
    trace.getTracer('application').startSpan('create_order').end();

    expect(spans.named('create_order')).toHaveLength(1);
  });

  it('refuses an SDK whose spans do not tell their parent, as before 2.0', async () => {
    uninstall('sdk-trace');
    vi.doMock('@opentelemetry/sdk-trace-base', () => ({ BasicTracerProvider: FormerTracerProvider }));

    await expect(SpanRecorder.start()).rejects.toMatchObject({
      code: 'SPAN_RECORDER_SDK_TOO_OLD',
      cure: expect.stringContaining('npm install --save-dev @opentelemetry/sdk-trace-base@2'),
    });
  });

  it.each([
    [
      ['sdk-trace', 'sdk-trace-base'],
      'sdk-trace` (or `@opentelemetry/sdk-trace-base`, for an SDK before 2.9)',
    ],
    [['context-async-hooks'], 'context-async-hooks`'],
    [['core'], 'core`'],
  ])('names what to install where %s is missing, and registers nothing', async (missing, install) => {
    missing.forEach(uninstall);

    await expect(SpanRecorder.start()).rejects.toMatchObject({
      name: 'SpanRecorderError',
      code: 'SPAN_RECORDER_SDK_MISSING',
      cure: expect.stringContaining(`Install it with \`npm install --save-dev @opentelemetry/${install}`),
      cause: expect.any(Error),
    });
    expect(registered()).toEqual({ tracerProvider: false, contextManager: false, propagator: false });
  });
});

/** An SDK of before 2.0, in what it is told by. */
class FormerTracerProvider {
  addSpanProcessor(): void {}
}

/** A package that does not load, as one that is not there. */
function uninstall(name: string): void {
  vi.doMock(`@opentelemetry/${name}`, () => {
    throw new Error(`Cannot find package '@opentelemetry/${name}'`);
  });
}

/** What the process has, told from what it does. */
function registered() {
  const given = contextOf(1);
  return {
    tracerProvider: trace.getTracer('probe').startSpan('probe', {}, ROOT_CONTEXT).isRecording(),
    contextManager: context.with(given, () => context.active() === given),
    propagator: propagation.fields().length > 0,
  };
}
