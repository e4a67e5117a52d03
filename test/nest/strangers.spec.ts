import { context, propagation, trace } from '@opentelemetry/api';
import type { KafkaContext } from '@nestjs/microservices';
import { KafkaTracing, type TopicOptions, type TopicRule } from 'nestjs-kafka-tracing';
import type { IHeaders, ProducerRecord } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { handlerOf } from '../support/events.js';
import { expectChildOf } from '../support/expectations.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { startMicroservice } from '../support/nest-app.js';
import { remoteSpan, traceparent, traceparentOf } from '../support/trace-context.js';
import { consume, tracedKafka } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

const stranger = remoteSpan(1);
const BAGGAGE = 'admin=true';

/** How a topic keeps strangers out of what goes on behind it. */
const GUARDS: readonly (TopicOptions & { readonly guard: string })[] = [
  { guard: "trust: 'restart'", trust: 'restart' },
  { guard: "trust: 'ignore'", trust: 'ignore' },
  { guard: "trust: 'restart', trace: false", trust: 'restart', trace: false },
  { guard: "trust: 'ignore', trace: false", trust: 'ignore', trace: false },
  { guard: 'propagate: false', propagate: false },
];

type Handle = (kafka: KafkaContext, tracing: KafkaTracing) => unknown;

/** An application that handles what a stranger has written to a topic. */
async function handleStranger(
  headers: IHeaders,
  rulesOf: (topic: string) => readonly TopicRule[],
  handle: Handle,
): Promise<string> {
  const topic = await freshTopic('public');
  let tracing: KafkaTracing | undefined;
  const handled = new Promise<unknown>((resolve, reject) => {
    const handler = async (_data: unknown, kafka: KafkaContext): Promise<void> => {
      await (async () => handle(kafka, tracing as KafkaTracing))().then(resolve, reject);
    };
    void (async () => {
      const app = await startMicroservice({
        tracing: { topics: rulesOf(topic) },
        controllers: [handlerOf(topic, handler)],
      });
      tracing = app.get(KafkaTracing);
      await sendPlain(topic, { value: '{}', headers });
    })().catch(reject);
  });
  await handled;
  return topic;
}

function by(rule: TopicOptions): (topic: string) => readonly TopicRule[] {
  return (topic) => [{ match: topic, ...rule }];
}

/** Sends a record from the handler, and reads what is on the wire. */
async function sentBy(
  headers: IHeaders,
  rule: TopicOptions,
  recordOf: (kafka: KafkaContext, tracing: KafkaTracing, next: string) => ProducerRecord,
): Promise<{ readonly headers: Record<string, string>; readonly topic: string; readonly next: string }> {
  const next = await freshTopic('next');
  const topic = await handleStranger(headers, by(rule), async (kafka, tracing) => {
    await kafka.getProducer().send(recordOf(kafka, tracing, next));
  });
  const [message] = await readPlain(next, 1);
  const texts = Object.entries(message?.headers ?? {}).map(([name, value]) => [name, String(value)]);
  return { headers: Object.fromEntries(texts), topic, next };
}

const boom = (): never => {
  throw new Error('boom');
};

const deadLetter = (kafka: KafkaContext, tracing: KafkaTracing, next: string): ProducerRecord =>
  tracing.deadLetter(kafka, new RangeError('no'), next);

const look = () => [trace.getSpanContext(context.active())?.spanId, propagation.getActiveBaggage()];

const forward = (kafka: KafkaContext, _tracing: KafkaTracing, next: string): ProducerRecord => ({
  topic: next,
  messages: [{ value: 'forwarded', headers: { ...kafka.getMessage().headers } }],
});

describe('the headers of a stranger, copied into a message of ours', () => {
  const spans = useTracing();

  it.each(GUARDS)('carry nothing of his on: $guard', async ({ guard: _guard, ...rule }) => {
    const headers = { traceparent: traceparent(1), tracestate: 'a=1', baggage: BAGGAGE, other: 'kept' };
    const sent = await sentBy(headers, rule, forward);

    const send = await spans.one(`send ${sent.next}`);
    expect(sent.headers).toEqual({ other: 'kept', traceparent: traceparentOf(send) });
    expect(send.spanContext().traceId).not.toBe(stranger.traceId);
    if (rule.trace !== false) {
      expectChildOf(send, await spans.one(`process ${sent.topic}`));
    }
  });

  it.each(GUARDS)(
    'do not smuggle a baggage that stands alone: $guard',
    async ({ guard: _guard, ...rule }) => {
      const sent = await sentBy({ Baggage: BAGGAGE, other: 'kept' }, rule, forward);

      expect(Object.keys(sent.headers).toSorted()).toEqual(['other', 'traceparent']);
    },
  );

  it('go nowhere where no SDK is registered to write others', async () => {
    trace.disable();
    const headers = { traceparent: [traceparent(3), traceparent(1)], baggage: BAGGAGE, other: 'kept' };

    expect((await sentBy(headers, { trust: 'restart' }, forward)).headers).toEqual({ other: 'kept' });
  });

  it('do not get past a rule because the one before it throws', async () => {
    const next = await freshTopic('next');
    await handleStranger(
      { traceparent: traceparent(1), baggage: BAGGAGE },
      () => [{ match: boom }, { match: 'public*', trust: 'restart' }],
      (kafka, tracing) => kafka.getProducer().send(forward(kafka, tracing, next)),
    );

    expect((await spans.one(`send ${next}`)).spanContext().traceId).not.toBe(stranger.traceId);
    expect(Object.keys((await readPlain(next, 1))[0]?.headers ?? {})).toEqual(['traceparent']);
  });
});

describe('work by hand on the message of a stranger', () => {
  useTracing();

  it.each(GUARDS)('stays in the context of its delivery: $guard', async ({ guard: _guard, ...rule }) => {
    const headers = { traceparent: traceparent(1), baggage: BAGGAGE };
    const seen: unknown[] = [];
    await handleStranger(headers, by(rule), (kafka, tracing) => {
      const message = kafka.getMessage();
      seen.push(look(), tracing.runInContextOf(message, look));
      seen.push(tracing.runInContextOf({ headers: { ...message.headers } }, look));
    });

    const [inHandler, ...byHand] = seen;
    expect(byHand).toEqual([inHandler, inHandler]);
    expect(inHandler).not.toEqual([stranger.spanId, expect.anything()]);
    expect((inHandler as unknown[])[1]).toBeUndefined();
  });

  it.each(GUARDS)(
    'stays in that of its batch, or of its own span: $guard',
    async ({ guard: _guard, ...rule }) => {
      const topic = await freshTopic('public');
      const tracing = (await startMicroservice({})).get(KafkaTracing);
      const seen: unknown[][] = [];
      let done = false;
      await consume(tracedKafka({ topics: [{ match: topic, ...rule }] }), topic, {
        eachBatch: async ({ batch: { messages } }) => {
          for (const message of messages) {
            const { headers } = message;
            const copies = [message, { ...message, headers: { ...headers } }, { headers: { ...headers } }];
            seen.push(look(), ...copies.map((copy) => tracing.runInContextOf(copy, look)));
          }
          done = true;
        },
      });

      await sendPlain(topic, { value: 'v', headers: { traceparent: traceparent(1), baggage: BAGGAGE } });

      await until('the batch is handled', () => done);
      const [inBatch, ofMessage, ...ofCopies] = seen;
      expect(ofCopies).toEqual([inBatch, inBatch]);
      expect([inBatch, ofMessage].map((found) => found?.[1])).toEqual([undefined, undefined]);
      expect([inBatch, ofMessage].map((found) => found?.[0])).not.toContain(stranger.spanId);
    },
  );

  it('is in the context of another message that somebody hands in', async () => {
    let traceId: string | undefined;
    await handleStranger({ traceparent: traceparent(1) }, by({ trust: 'restart' }), (_kafka, tracing) => {
      const row = { headers: { traceparent: traceparent(2) } };
      traceId = tracing.runInContextOf(row, () => trace.getSpanContext(context.active())?.traceId);
    });

    expect(traceId).toBe(remoteSpan(2).traceId);
  });
});

describe('the dead letter of a stranger', () => {
  const spans = useTracing();
  const FORGED = {
    traceparent: traceparent(1),
    baggage: BAGGAGE,
    'X-Original-Topic': 'forged',
    'x-original-topic': 'forged',
    'x-original-partition': '77',
    'x-original-offset': '77',
    'x-original-timestamp': '77',
    'x-original-traceparent': traceparent(2),
    'x-delivery-attempt': '77',
  };

  it.each(GUARDS)('says where it was, and not what he says: $guard', async ({ guard: _guard, ...rule }) => {
    const { headers, topic, next } = await sentBy(FORGED, rule, deadLetter);

    const send = await spans.one(`send ${next}`);
    expect(headers).toEqual({
      'x-original-topic': topic,
      'x-original-partition': '0',
      'x-original-offset': '0',
      'x-original-timestamp': expect.stringMatching(/^\d{13}$/),
      ...(rule.trust === 'restart' ? { 'x-original-traceparent': traceparent(1) } : {}),
      'x-error-type': 'RangeError',
      'x-error-message': 'no',
      'x-delivery-attempt': '1',
      traceparent: traceparentOf(send),
    });
    expect(send.links.map(({ context: { spanId } }) => spanId)).toEqual(
      rule.trust === 'restart' ? [stranger.spanId] : [],
    );
  });

  it('says what he says where he is trusted', async () => {
    const { headers } = await sentBy(FORGED, {}, deadLetter);

    expect(headers).toMatchObject({
      'x-original-topic': 'forged',
      'x-original-traceparent': traceparent(2),
      'x-delivery-attempt': '78',
    });
  });
});
