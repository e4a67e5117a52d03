import { type Baggage, TraceFlags, propagation } from '@opentelemetry/api';
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace-base';
import type { ClientKafka } from '@nestjs/microservices';
import type { KafkaTracingModuleOptions, TracedEventOptions, Trust } from 'nestjs-kafka-tracing';
import { describe, expect, it } from 'vitest';
import { emit, handlerOf } from '../support/events.js';
import { expectChildOf, expectRoot } from '../support/expectations.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { answererOf } from '../support/requests.js';
import { remoteSpan, traceparent, traceparentOf } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

const stranger = remoteSpan(1);

/** Who says it: a rule of the topic, or its handler. */
const SAYINGS = (['restart', 'ignore'] as const).flatMap((trust) => [
  { trust, by: 'a rule', rule: { trust }, handler: {} },
  { trust, by: 'the handler', rule: {}, handler: { trust } },
]);

/** What came of a message, at the next topic and in the handler. */
interface Forwarded {
  readonly headers: Readonly<Record<string, string>>;
  readonly baggage: Baggage | undefined;
}

/** A topic, whose handler sends an event to a next one with the client of its application. */
async function forward(
  headers: Readonly<Record<string, string>>,
  rule: KafkaTracingModuleOptions,
  options: TracedEventOptions = {},
): Promise<Forwarded & { readonly topic: string; readonly next: string }> {
  const [topic, next] = [await freshTopic('public'), await freshTopic('next')];
  let client: ClientKafka | undefined;
  let baggage: Baggage | undefined;
  const handle = async (): Promise<void> => {
    baggage = propagation.getActiveBaggage();
    await emit(client as ClientKafka, next, {});
  };
  const app = await startMicroservice({
    tracing: { topics: [{ match: topic, ...rule }] },
    controllers: [handlerOf(topic, handle, options)],
  });
  client = await clientOf(app);
  await sendPlain(topic, { value: '{}', headers });
  const [message] = await readPlain(next, 1);
  const texts = Object.entries(message?.headers ?? {}).map(([name, value]) => [name, String(value)]);
  return { headers: Object.fromEntries(texts), baggage, topic, next };
}

describe('a stranger who writes to a topic that is open to the public', () => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
  const headers = { traceparent: traceparent(1), tracestate: 'a=1', baggage: 'admin=true' };

  it.each(SAYINGS)(
    'cannot continue his trace, force it to be sampled, or smuggle baggage: trust $trust of $by',
    async ({ rule, handler }) => {
      const forwarded = await forward(headers, rule, handler);

      expect(Object.keys(forwarded.headers)).toEqual(['traceparent']);
      const [, traceId, , flags] = String(forwarded.headers['traceparent']).split('-');
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(traceId).not.toBe(stranger.traceId);
      expect(flags).toBe('00');
      expect(forwarded.baggage).toBeUndefined();
      expect(spans.finished).toEqual([]);
    },
  );

  it('could do all of that where he is trusted', async () => {
    const forwarded = await forward(headers, {});

    const send = await spans.one(`send ${forwarded.next}`);
    expect(forwarded.headers).toEqual({ ...headers, traceparent: traceparentOf(send) });
    expect(send.spanContext().traceId).toBe(stranger.traceId);
    expect(forwarded.baggage?.getEntry('admin')?.value).toBe('true');
    await spans.one(`process ${forwarded.topic}`);
  });
});

describe('a stranger whose trace is not sampled', () => {
  const spans = useTracing({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });
  const headers = { traceparent: traceparent(1, TraceFlags.NONE), baggage: 'admin=true' };

  it.each(SAYINGS)(
    'cannot hide what he sets off, a trace of its own: trust $trust of $by',
    async ({ trust, rule, handler }) => {
      const { topic, next } = await forward(headers, rule, handler);

      const process = await spans.one(`process ${topic}`);
      expectRoot(process);
      expect(process.links.map(({ context }) => context.spanId)).toEqual(
        trust === 'restart' ? [stranger.spanId] : [],
      );
      expectChildOf(await spans.one(`send ${next}`), process);
    },
  );

  it.each<Trust>(['restart', 'ignore'])(
    'gets a reply of that trace to his request: trust %s',
    async (trust) => {
      const topic = await freshTopic('public', { reply: true });
      await startMicroservice({
        tracing: { topics: [{ match: topic, trust }] },
        controllers: [answererOf(topic, () => 'done')],
      });
      const reply = `${topic}.reply`;
      const request = { kafka_correlationId: 'id', kafka_replyTopic: reply };

      await sendPlain(topic, { value: '{}', headers: { ...headers, ...request } });

      const [message] = await readPlain(reply, 1);
      const send = await spans.one(`send ${reply}`);
      expectChildOf(send, await spans.one(`process ${topic}`));
      expect(String(message?.headers?.['traceparent'])).toBe(traceparentOf(send));
      expect(send.spanContext().traceId).not.toBe(stranger.traceId);
      expect(message?.headers).not.toHaveProperty('baggage');
    },
  );
});
