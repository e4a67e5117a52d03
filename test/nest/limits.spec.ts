import {
  type Context,
  ROOT_CONTEXT,
  context,
  createTraceState,
  propagation,
  trace,
} from '@opentelemetry/api';
import { KafkaTracing, type KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import type { IHeaders } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { emit, handlerOf } from '../support/events.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { remoteSpan, traceparent, withBaggage } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';

/** What goes along with a span context, as headers have it. */
interface Carried {
  readonly baggage: string | undefined;
  readonly tracestate: string | undefined;
}

const ALL: Carried = { baggage: 'user=someone-with-a-long-name,tenant=a,x=1', tracestate: 'a=1,b=2,c=3' };
const MANY = Array.from({ length: 65 }, (_, number) => `entry-${number}=v`);

type Situation = readonly [
  option: string,
  options: KafkaTracingModuleOptions,
  given: Partial<Carried>,
  passes: Partial<Carried>,
  field: 'baggage' | 'tracestate',
  dropped: number,
];

const SITUATIONS: readonly Situation[] = [
  ['baggage.allow', { baggage: { allow: ['tenant'] } }, {}, { baggage: 'tenant=a' }, 'baggage', 2],
  [
    'baggage.maxEntries',
    { baggage: { maxEntries: 2 } },
    {},
    { baggage: 'user=someone-with-a-long-name,tenant=a' },
    'baggage',
    1,
  ],
  ['baggage.maxBytes', { baggage: { maxBytes: 12 } }, {}, { baggage: 'tenant=a,x=1' }, 'baggage', 1],
  ['no baggage', { baggage: { allow: [] } }, {}, { baggage: undefined }, 'baggage', 3],
  ['the default', {}, { baggage: MANY.join() }, { baggage: MANY.slice(0, 64).join() }, 'baggage', 1],
  ['maxTracestateBytes', { maxTracestateBytes: 8 }, {}, { tracestate: 'a=1,b=2' }, 'tracestate', 1],
  ['no tracestate', { maxTracestateBytes: 0 }, {}, { tracestate: undefined }, 'tracestate', 3],
];

function contextWith({ baggage, tracestate }: Carried): Context {
  const traceState = createTraceState(tracestate);
  const entries = Object.fromEntries((baggage ?? '').split(',').map((entry) => entry.split('=')));
  return withBaggage(trace.setSpanContext(ROOT_CONTEXT, { ...remoteSpan(1), traceState }), entries);
}

function carriedIn(active: Context): Carried {
  const baggage = propagation
    .getBaggage(active)
    ?.getAllEntries()
    .map(([name, { value }]) => `${name}=${value}`)
    .join();
  const tracestate = trace.getSpanContext(active)?.traceState?.serialize();
  return { baggage: baggage || undefined, tracestate };
}

function carriedBy({ baggage, tracestate }: IHeaders = {}): Carried {
  return { baggage: baggage?.toString(), tracestate: tracestate?.toString() };
}

describe('what goes through Kafka beside the span', () => {
  const spans = useTracing();
  const recorded = useMetrics();

  it.each(SITUATIONS)(
    'is within limits in both directions, and what is not is counted: %s',
    async (...situation) => {
      const [, tracing, given, passes, field, dropped] = situation;
      const [outgoing, incoming] = [await freshTopic('outgoing'), await freshTopic('incoming')];
      const carried = { ...ALL, ...given };
      const expected = { ...carried, ...passes };
      const seen: Carried[] = [];
      const controllers = [handlerOf(incoming, () => void seen.push(carriedIn(context.active())))];
      const client = await clientOf(await startMicroservice({ tracing, controllers }));
      const countDropped = (times: number) =>
        recorded.one('nestjs.kafka.propagation.dropped', times * dropped);

      await context.with(contextWith(carried), () => emit(client, outgoing, {}));

      const [message] = await readPlain(outgoing, 1);
      expect(carriedBy(message?.headers)).toEqual(expected);
      expect((await countDropped(1)).attributes).toEqual({ 'nestjs.kafka.propagation.field': field });

      await sendPlain(incoming, { value: '{}', headers: { traceparent: traceparent(1), ...carried } });

      await spans.one(`process ${incoming}`);
      expect(seen).toEqual([expected]);
      await countDropped(2);
    },
  );

  it('is within limits for each message of a batch, and for what is done by hand', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({
      tracing: { baggage: { allow: ['tenant'] }, maxTracestateBytes: 3 },
    });
    const client = await clientOf(app);
    const expected = { baggage: 'tenant=a', tracestate: 'a=1' };

    const injected = await context.with(contextWith(ALL), async () => {
      await firstValueFrom(client.emitBatch(topic, { messages: [{ value: 'a' }, { value: 'b' }] }));
      return app.get(KafkaTracing).inject({});
    });

    const messages = await readPlain(topic, 2);
    expect(messages.map(({ headers }) => carriedBy(headers))).toEqual([expected, expected]);
    expect(carriedBy(injected)).toEqual(expected);
    const extracted = app.get(KafkaTracing).extract({ traceparent: traceparent(1), ...ALL });
    expect(carriedIn(extracted)).toEqual(expected);
    await spans.one(`send ${topic}`);
  });
});
