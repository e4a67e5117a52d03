import { EventPattern, type ClientKafka } from '@nestjs/microservices';
import { Controller } from '@nestjs/common';
import { context, propagation, trace } from '@opentelemetry/api';
import { type KafkaTracingModuleOptions, TracedEvent, type TracedEventOptions } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { emit, handlerOf } from '../support/events.js';
import { expectChildOf, expectLinkedTo, expectRoot } from '../support/expectations.js';
import { freshTopic, readPlain, sendPlain } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { remoteSpan, traceparent, withBaggage } from '../support/trace-context.js';
import { inSpan, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

/** What is active in a handler, and which spans are open there. */
interface Seen {
  readonly spanId: string | undefined;
  readonly tenant: string | undefined;
  readonly open: readonly string[];
}

interface Chain {
  readonly a: string;
  readonly b: string;
  readonly c: string;
  /** What is seen in the handler of b. */
  readonly seen: Seen;
}

describe('trace: false', () => {
  const spans = useTracing();
  const recorded = useMetrics();

  function look(): Seen {
    return {
      spanId: trace.getActiveSpan()?.spanContext().spanId,
      tenant: propagation.getActiveBaggage()?.getEntry('tenant')?.value,
      open: spans.open.map(({ name }) => name),
    };
  }

  /** Sends an event to a, whose handler sends one to b, whose handler sends one to c. */
  async function chain(
    ofB: KafkaTracingModuleOptions,
    options: TracedEventOptions = {},
    module: KafkaTracingModuleOptions = {},
  ): Promise<Chain> {
    const [a, b, c] = [await freshTopic('a'), await freshTopic('b'), await freshTopic('c')];
    const seen: Seen[] = [];
    let isDone = false;
    const client: Promise<ClientKafka> = startMicroservice({
      tracing: { ...module, topics: [{ match: b, ...ofB }] },
      controllers: [
        handlerOf(a, async () => emit(await client, b, {})),
        handlerOf(
          b,
          async () => {
            seen.push(look());
            await emit(await client, c, {});
          },
          options,
        ),
        handlerOf(c, () => void (isDone = true)),
      ],
    }).then((app) => clientOf(app));
    const connected = await client;
    const baggage = withBaggage(context.active(), { tenant: 'a' });
    await context.with(baggage, () => inSpan('caller', () => emit(connected, a, {})));
    await until('the last event is handled', () => isDone);
    return { a, b, c, seen: seen[0] as Seen };
  }

  it('of a topic leaves out its spans, and the trace goes on: a → b (trace: false) → c', async () => {
    const { a, b, c, seen } = await chain({ trace: false });

    const process = await spans.one(`process ${a}`);
    const send = await spans.one(`send ${c}`);
    expectChildOf(send, process);
    expectChildOf(await spans.one(`process ${c}`), send);
    expect(send).toContinueTraceOf(await spans.one('caller'));
    expect(seen).toMatchObject({ spanId: process.spanContext().spanId, tenant: 'a' });
    expect(seen.open).not.toContain(`process ${b}`);
    expect(spans.finished.map(({ name }) => name).toSorted()).toEqual(
      ['caller', `send ${a}`, `process ${a}`, `send ${c}`, `process ${c}`].toSorted(),
    );
  });

  it('leaves out no metrics', async () => {
    const { a, b, c } = await chain({ trace: false });
    await spans.one(`send ${c}`);
    await spans.one(`process ${c}`);
    for (const metric of ['messaging.client.sent.messages', 'messaging.client.consumed.messages']) {
      const points = await recorded.points(metric);
      expect(points.map(({ attributes }) => attributes['messaging.destination.name'])).toEqual([a, b, c]);
    }
  });

  it('of a handler leaves out its process span, and the trace goes on', async () => {
    const { b, c, seen } = await chain({}, { trace: false });

    const send = await spans.one(`send ${b}`);
    expectChildOf(await spans.one(`send ${c}`), send);
    expect(seen).toMatchObject({ spanId: send.spanContext().spanId, tenant: 'a' });
    expect(seen.open).not.toContain(`process ${b}`);
    await spans.one(`process ${c}`);
    expect(spans.named(`process ${b}`)).toEqual([]);
  });

  it('of a rule is outranked by the handler', async () => {
    const { b } = await chain({ trace: false }, { trace: true });
    await spans.one(`process ${b}`);
    expect(spans.named(`send ${b}`)).toEqual([]);
  });

  it('of the module leaves a topic its spans whose rule says so', async () => {
    const { b, seen } = await chain({ trace: true }, {}, { trace: false });

    const send = await spans.one(`send ${b}`);
    const process = await spans.one(`process ${b}`);
    expectChildOf(send, await spans.one('caller'));
    expectChildOf(process, send);
    expect(seen.open).toEqual([`process ${b}`]);
    expect(spans.finished).toHaveLength(3);
  });

  it('may be said beside @EventPattern, and leaves out the span of the step, too', async () => {
    const topic = await freshTopic();
    const seen: Seen[] = [];
    @Controller()
    class Orders {
      @EventPattern<string>(topic)
      @TracedEvent({ trace: false, span: 'step', attributes: () => ({ a: 1 }) })
      handle(): void {
        seen.push(look());
      }
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}', headers: { traceparent: traceparent(1) } });

    await until('the event is handled', () => seen.length === 1);
    expect(seen).toEqual([{ spanId: remoteSpan(1).spanId, tenant: undefined, open: [] }]);
  });
});

describe('propagate: false', () => {
  const spans = useTracing();

  it('writes no header and reads none: either side has spans of a trace of its own', async () => {
    const topic = await freshTopic('partners');
    const seen: unknown[] = [];
    const app = await startMicroservice({
      tracing: { correlationId: 'correlation_id', topics: [{ match: topic, propagate: false }] },
      controllers: [handlerOf(topic, () => void seen.push(propagation.getActiveBaggage()))],
    });
    const client = await clientOf(app);
    const carried = {
      traceparent: traceparent(1),
      baggage: 'admin=true',
      'x-original-traceparent': traceparent(2),
    };

    const baggage = withBaggage(context.active(), { tenant: 'a' });
    await context.with(baggage, () =>
      inSpan('caller', async () => {
        await emit(client, topic, { value: 'nothing', headers: {} });
        await emit(client, topic, { value: 'theirs', headers: carried });
        await firstValueFrom(client.emitBatch(topic, { messages: [{ value: 'a' }, { value: 'b' }] }));
      }),
    );

    const messages = await readPlain(topic, 4);
    expect(messages.map(({ headers }) => headers)).toEqual([
      {},
      Object.fromEntries(Object.entries(carried).map(([name, value]) => [name, Buffer.from(value)])),
      {},
      {},
    ]);
    for (const send of await spans.all(`send ${topic}`, 3)) {
      expectChildOf(send, await spans.one('caller'));
    }
    const [first, second, ofBatch] = spans.named(`send ${topic}`);
    expectLinkedTo(first!);
    expectLinkedTo(second!);
    expectLinkedTo(ofBatch!, ...(await spans.all(`create ${topic}`, 2)));
    for (const process of await spans.all(`process ${topic}`, 4)) {
      expectRoot(process);
      expectLinkedTo(process);
    }
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('is of the topics that the rule matches: beside it, headers are written and read', async () => {
    const [partners, orders] = [await freshTopic('partners'), await freshTopic()];
    const app = await startMicroservice({
      tracing: { propagate: false, topics: [{ match: orders, propagate: true }] },
      controllers: [handlerOf(partners), handlerOf(orders)],
    });
    const client = await clientOf(app);

    await emit(client, partners, {});
    await emit(client, orders, {});

    expectRoot(await spans.one(`process ${partners}`));
    expectChildOf(await spans.one(`process ${orders}`), await spans.one(`send ${orders}`));
  });
});
