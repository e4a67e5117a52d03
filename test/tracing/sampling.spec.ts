import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  context,
  metrics,
  propagation,
  trace,
} from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
} from '@opentelemetry/sdk-trace-base';
import { KafkaTracing, KafkaTracingModule } from 'nestjs-kafka-tracing';
import { describe, expect, it, vi } from 'vitest';
import type { KafkaTracingModuleOptions } from '../../lib/kafka-tracing.options.js';
import type { Relation, Trust } from '../../lib/topic.options.js';
import { resolveOptions } from '../../lib/resolve-options.js';
import type { Delivery } from '../../lib/tracing/processing/delivery.js';
import { KafkaTracer } from '../../lib/tracing/kafka-tracer.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { startContext } from '../support/nest-app.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { consume, plainProducer, sendOne, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const TOPIC = 'orders';
const MESSAGES = [{ key: 'a' }, { key: 'b' }];

/** What a message says of its trace. */
interface Carried {
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly flags: string | undefined;
}

function tracerWith(options: KafkaTracingModuleOptions): KafkaTracer {
  return new KafkaTracer(resolveOptions(options));
}

function carriedBy(headers: unknown): Carried {
  const value = (headers as Readonly<Record<string, unknown>> | undefined)?.['traceparent'];
  const [, traceId, spanId, flags] = String(value).split('-');
  return { traceId, spanId, flags };
}

function handle(kafka: KafkaTracer, headers: object): Delivery {
  const delivery = kafka.startProcess({
    endpoint: {},
    topic: TOPIC,
    partition: 0,
    message: { key: 'k', headers },
  });
  delivery.end();
  return delivery;
}

/** What the messages carry that are sent together; one of them, without more. */
function sendIn(active: Context, kafka: KafkaTracer, messages: readonly object[] = [{}]): readonly Carried[] {
  const sending = context.with(active, () =>
    messages.length === 1
      ? kafka.startSend({}, TOPIC, messages[0] as object)
      : kafka.startSendOfMany({}, [{ topic: TOPIC, messages }]),
  );
  sending.succeeded([]);
  return (sending.headers[0] ?? []).map(carriedBy);
}

function activeFlags(): TraceFlags | undefined {
  return trace.getSpanContext(context.active())?.traceFlags;
}

/* Relation and trust. */

interface Cell {
  readonly relation: Relation;
  readonly trust: Trust;
  readonly producer: 'sampled' | 'not sampled';
}

const CELLS: readonly Cell[] = (['both', 'parent', 'link'] as const).flatMap((relation) =>
  (['continue', 'restart', 'ignore'] as const).flatMap((trust) =>
    (['sampled', 'not sampled'] as const).map((producer) => ({ relation, trust, producer })),
  ),
);

describe.each<[what: string, root: Sampler]>([
  ['every', new AlwaysOnSampler()],
  ['no', new AlwaysOffSampler()],
])('where the parent decides, and %s root is sampled', (what, root) => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root }) });

  it.each(CELLS)(
    'relation $relation, trust $trust, of a producer that is $producer',
    ({ relation, trust, producer }) => {
      const isChild = trust === 'continue' && relation !== 'link';
      const isSampled = isChild ? producer === 'sampled' : what === 'every';
      const kafka = tracerWith({ relation, trust });
      const flags = producer === 'sampled' ? TraceFlags.SAMPLED : TraceFlags.NONE;

      const delivery = handle(kafka, { traceparent: traceparent(1, flags) });
      const [onward] = sendIn(delivery.context, kafka);

      const { traceId, spanId } = delivery.span.spanContext as SpanContext;
      expect(spans.finished.map(({ name }) => name)).toEqual(
        isSampled ? [`process ${TOPIC}`, `send ${TOPIC}`] : [],
      );
      expect(traceId === remoteSpan(1).traceId).toBe(isChild);
      expect(onward).toEqual({
        traceId,
        spanId: expect.not.stringMatching(spanId),
        flags: isSampled ? '01' : '00',
      });
    },
  );

  it('decides for a batch anew, and for its messages as their producers did', async () => {
    const topic = await freshTopic();
    const app = await startContext({ imports: [KafkaTracingModule.forRoot()] });
    const producer = await plainProducer();
    const headers = [traceparent(1), traceparent(2, TraceFlags.NONE)].map((one) => ({ traceparent: one }));
    await producer.send({ topic, messages: headers.map((one) => ({ value: 'v', headers: one })) });
    const flags: unknown[] = [];
    await consume(tracedKafka(), topic, {
      eachBatch: async ({ batch }) => {
        flags.push(activeFlags());
        for (const message of batch.messages) {
          flags.push(app.get(KafkaTracing).runInContextOf(message, activeFlags));
        }
      },
    });

    await until('the batch was handled', () => flags.length >= 3);
    expect(flags).toEqual([
      what === 'every' ? TraceFlags.SAMPLED : TraceFlags.NONE,
      TraceFlags.SAMPLED,
      TraceFlags.NONE,
    ]);
    await spans.all(`process ${topic}`, what === 'every' ? 2 : 1);
  });

  it('decides for a transaction, and so for what is sent in it', () => {
    const kafka = tracerWith({});
    const transaction = kafka.startTransaction({}, 't-1');
    const sending = kafka.startSend({}, TOPIC, {}, transaction);
    sending.succeeded([]);
    transaction.committed();
    expect(carriedBy(sending.headers[0]?.[0]).flags).toBe(what === 'every' ? '01' : '00');
    expect(spans.finished).toHaveLength(what === 'every' ? 2 : 0);
  });
});

describe('a batch that is sent', () => {
  describe('below a span that is not sampled', () => {
    const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });
    const active = trace.setSpanContext(ROOT_CONTEXT, remoteSpan(1, TraceFlags.NONE));

    it('has a context for each message, of the caller, and flag 00', () => {
      const carried = sendIn(active, tracerWith({}), MESSAGES);
      for (const one of carried) {
        expect(one).toMatchObject({ traceId: remoteSpan(1).traceId, flags: '00' });
      }
      expect(new Set([remoteSpan(1).spanId, ...carried.map(({ spanId }) => spanId)]).size).toBe(3);
      expect(spans.finished).toEqual([]);
    });

    it('has one context for all with `batch: single`, of the caller, and flag 00', () => {
      const [first, second] = sendIn(active, tracerWith({ batch: 'single' }), MESSAGES);
      expect(first).toEqual(second);
      expect(first).toMatchObject({ traceId: remoteSpan(1).traceId, flags: '00' });
      expect(first?.spanId).not.toBe(remoteSpan(1).spanId);
      expect(spans.finished).toEqual([]);
    });
  });

  describe('where no span is active', () => {
    const byPartition: Sampler = {
      shouldSample: (...[, , , , attributes]) => ({
        decision:
          attributes['messaging.destination.partition.id'] === '1'
            ? SamplingDecision.NOT_RECORD
            : SamplingDecision.RECORD_AND_SAMPLED,
      }),
    };
    const spans = useTracing({ sampler: new ParentBasedSampler({ root: byPartition }) });

    it('is decided on message by message, and the send links to all of them', async () => {
      const carried = sendIn(ROOT_CONTEXT, tracerWith({}), [{ partition: 0 }, { partition: 1 }]);
      expect(carried.map(({ flags }) => flags)).toEqual(['01', '00']);
      const send = await spans.one(`send ${TOPIC}`);
      expect(send.links.map((link) => link.context.spanId)).toEqual(carried.map(({ spanId }) => spanId));
      await spans.one(`create ${TOPIC}`);
    });
  });
});

describe('what a sampler sees of a process span', () => {
  const asked: { readonly parent: SpanContext | undefined; readonly links: readonly Link[] }[] = [];
  useTracing({
    sampler: {
      shouldSample(active, ...[, , , , links]) {
        asked.push({ parent: trace.getSpanContext(active), links });
        return { decision: SamplingDecision.NOT_RECORD };
      },
    },
  });

  it.each<KafkaTracingModuleOptions>([{ relation: 'link' }, { trust: 'restart' }])(
    'is of a root that only links to its producer the link, so that it may decide as that did, and no parent: %j',
    (options) => {
      handle(tracerWith(options), { traceparent: traceparent(1) });
      expect(asked.splice(0)).toEqual([
        { parent: undefined, links: [expect.objectContaining({ context: remoteSpan(1) })] },
      ]);
    },
  );

  it('is of a child its parent, and no link to it', () => {
    handle(tracerWith({}), { traceparent: traceparent(1) });
    expect(asked.splice(0)).toEqual([{ parent: expect.objectContaining(remoteSpan(1)), links: [] }]);
  });

  it('is of a child with other links the one to its parent, too, before them', () => {
    const headers = { traceparent: traceparent(1), 'x-original-traceparent': traceparent(2) };
    handle(tracerWith({}), headers);
    expect(asked.splice(0)).toEqual([
      {
        parent: expect.objectContaining(remoteSpan(1)),
        links: [1, 2].map((number) => expect.objectContaining({ context: remoteSpan(number) })),
      },
    ]);
  });

  it('is nothing of a stranger who is ignored', () => {
    handle(tracerWith({ trust: 'ignore' }), { traceparent: traceparent(1) });
    expect(asked.splice(0)).toEqual([{ parent: undefined, links: [] }]);
  });
});

describe('where nothing is recorded', () => {
  const spans = useTracing({ sampler: new AlwaysOffSampler() });

  it('no hook is called', () => {
    const [onSend, onProcess] = [vi.fn(), vi.fn()];
    const messageKey = vi.fn(() => 'k');
    const kafka = tracerWith({ onSend, onProcess, messageKey });
    kafka.startProcess({ endpoint: {}, topic: TOPIC, partition: 0, message: { key: 'k' } }).end();
    sendIn(ROOT_CONTEXT, kafka, [{ key: 'k' }]);
    sendIn(ROOT_CONTEXT, kafka, MESSAGES);
    for (const hook of [onSend, onProcess, messageKey]) {
      expect(hook).not.toHaveBeenCalled();
    }
    expect(spans.finished).toEqual([]);
  });

  it('nothing of a message is read but what it carries', () => {
    const read: string[] = [];
    const watched = (message: object): object =>
      new Proxy(message, {
        get(target, name, receiver) {
          read.push(String(name));
          return Reflect.get(target, name, receiver) as unknown;
        },
      });
    const kafka = tracerWith({ bodySize: true, captureHeaders: ['x-tenant'] });
    const messages = [watched({ key: 'k', value: null }), watched({ key: 'k', value: null })];
    const message = watched({ key: 'k', value: null, offset: '7', headers: {} });
    kafka.startProcess({ endpoint: {}, topic: TOPIC, partition: 0, message }).end();
    sendIn(ROOT_CONTEXT, kafka, messages.slice(1));
    sendIn(ROOT_CONTEXT, kafka, messages);
    expect([...new Set(read)].sort()).toEqual(['headers', 'partition']);
  });

  it('metrics are, in the context of the span that there is not', () => {
    const recorded = recordMetricContexts();
    const kafka = tracerWith({});
    const delivery = handle(kafka, { traceparent: traceparent(1) });
    const [sent] = sendIn(delivery.context, kafka);

    const { traceId, spanId } = delivery.span.spanContext as SpanContext;
    expect(
      recorded.map(({ name, spanContext }) => [name, spanContext?.traceId, spanContext?.spanId]),
    ).toEqual([
      ['messaging.client.consumed.messages', traceId, spanId],
      ['messaging.process.duration', traceId, spanId],
      ['messaging.client.sent.messages', traceId, sent?.spanId],
      ['messaging.client.operation.duration', traceId, sent?.spanId],
    ]);
    expect(recorded.map(({ spanContext }) => spanContext?.traceFlags)).toEqual(
      Array(4).fill(TraceFlags.NONE),
    );
  });
});

describe('a span that is recorded and not sampled', () => {
  const spans = useTracing({
    sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD }) },
  });

  it('has its details and its hook, and what is sent says that it is not sampled', async () => {
    const onSend = vi.fn((span: { setAttribute(name: string, value: string): unknown }) => {
      span.setAttribute('team', 'a');
    });
    const [sent] = sendIn(ROOT_CONTEXT, tracerWith({ onSend, bodySize: true }), [{ value: 'abc' }]);
    expect(sent?.flags).toBe('00');
    const { attributes } = await spans.one(`send ${TOPIC}`);
    expect(attributes).toMatchObject({ team: 'a', 'messaging.message.body.size': 3 });
  });
});

describe('a stranger', () => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
  const stranger = { traceparent: traceparent(1), tracestate: 'a=1', baggage: 'admin=true' };

  it.each<Trust>(['restart', 'ignore'])(
    'can neither force sampling nor smuggle baggage under trust %s',
    async (trust) => {
      const [topic, next] = [await freshTopic('public'), await freshTopic('next')];
      const producer = await tracedProducer();
      const kafka = tracedKafka({ topics: [{ match: 'public-*', trust }] });
      const tracing = tracerWith({});
      let injected: unknown;
      let baggage: unknown = 'not asked';
      await consume(kafka, topic, async () => {
        baggage = propagation.getActiveBaggage();
        injected = tracing.inject({}, context.active());
        await sendOne(producer, next);
      });

      await sendPlain(topic, { value: 'v', headers: stranger });

      const [message] = await readPlain(next, 1);
      const headers = message?.headers ?? {};
      expect(Object.keys(headers)).toEqual(['traceparent']);
      const { traceId, flags } = carriedBy(headers);
      expect(flags).toBe('00');
      expect(traceId).not.toBe(remoteSpan(1).traceId);
      expect(Object.keys(injected as object)).toEqual(['traceparent']);
      expect(carriedBy(injected)).toMatchObject({ traceId, flags: '00' });
      expect(baggage).toBeUndefined();
      expect(spans.finished).toEqual([]);
    },
  );

  it('can do both where he is trusted', async () => {
    const [topic, next] = [await freshTopic('public'), await freshTopic('next')];
    const producer = await tracedProducer();
    await consume(tracedKafka(), topic, () => sendOne(producer, next).then(() => undefined));
    await sendPlain(topic, { value: 'v', headers: stranger });
    const [message] = await readPlain(next, 1);
    expect(carriedBy(message?.headers)).toMatchObject({ traceId: remoteSpan(1).traceId, flags: '01' });
    expect(String(message?.headers?.['baggage'])).toBe('admin=true');
    await spans.one(`process ${topic}`);
    await spans.one(`send ${next}`);
  });
});

/** Registers a meter provider that keeps in which context each value is recorded. */
function recordMetricContexts() {
  const recorded: { readonly name: string; readonly spanContext: SpanContext | undefined }[] = [];
  const instrument = (name: string) => {
    const record = (_value: number, _attributes?: Attributes, active: Context = ROOT_CONTEXT): void =>
      void recorded.push({ name, spanContext: trace.getSpanContext(active) });
    return { add: record, record };
  };
  metrics.setGlobalMeterProvider({
    getMeter: () =>
      ({
        createCounter: instrument,
        createHistogram: instrument,
        createObservableGauge: () => ({ addCallback: vi.fn(), removeCallback: vi.fn() }),
      }) as never,
  });
  afterTest(() => metrics.disable());
  return recorded;
}
