import { Controller } from '@nestjs/common';
import {
  ClientKafka,
  Ctx,
  KafkaContext,
  MessagePattern,
  RpcException,
  ServerKafka,
} from '@nestjs/microservices';
import { context, trace } from '@opentelemetry/api';
import {
  KafkaTracing,
  KafkaTracingModule,
  type KafkaTracingModuleOptions,
  type TracedEventOptions,
} from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BROKEN_FUNCTIONS, breakPart, brokenParts } from '../support/broken-parts.js';
import { useContextManager, usePropagator } from '../support/broken-sdk.js';
import { emit } from '../support/events.js';
import { clientOf, startContext, startMicroservice } from '../support/nest-app.js';
import { usePreparedTopics } from '../support/prepared-topics.js';
import { caught } from '../support/requests.js';
import { contextOf, traceparent } from '../support/trace-context.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';
import { CORRELATION_ID, messagesOf, received } from '../support/user-messages.js';

type Library = typeof import('nestjs-kafka-tracing');
type Attributes = TracedEventOptions['attributes'];

const PARTS = brokenParts({
  'a propagator throws in fields': ['look for a propagator'],
  'a tracer provider throws': ['look for a tracer provider'],
  'a span processor throws at the end': ['end the request span', 'end the step span'],
  'a span throws in isRecording': ['ask the request span', 'ask the step span'],
  'a span throws in spanContext': ['start a span'], // By the SDK, which asks a parent.
  'a span throws in setAttribute': ['set the status of the request span', 'set the status of the step span'],
  'a span throws in setStatus': ['set the status of the request span', 'set the status of the step span'],
  'a span throws in end': ['end the request span', 'end the step span'],
  'a context manager throws in with, before it calls': ['look for a context manager'],
  'a context manager throws in with, after it called': ['look for a context manager'],
  'a context manager throws in active': ['look for a context manager'],
  'a meter provider throws': ['look for a meter provider'],
});

const ATTRIBUTES: readonly (readonly [how: string, attributes: Attributes, reports: readonly string[]])[] = [
  ['throw', BROKEN_FUNCTIONS.throws, ['get the attributes of @TracedEvent']],
  ['reject', BROKEN_FUNCTIONS.rejects, ['get the attributes of @TracedEvent']],
  ['are nonsense', BROKEN_FUNCTIONS.returnsNonsense, []],
];

const WAYS = PARTS.length + ATTRIBUTES.length + 1;

const HOSTS = [ServerKafka.prototype, ClientKafka.prototype].map(
  (prototype) => [prototype, prototype.createClient] as const,
);

/** A message of `messagesOf`, as Nest parses it, without the headers of the tracing. */
const orderOf = (value: string) => ({
  key: 'k',
  value,
  headers: { text: 'a', bytes: '\ufffd\0', list: 'a,b' },
});

/** What becomes of two events of which the first one fails once, and of two requests of which one is refused. */
const OUTCOME = {
  handled: ['1', '1', '2'].map(orderOf) as unknown[],
  answered: ['3', '4'],
  reply: '3 is answered',
  refusal: { status: 'error', message: 'refused' } as unknown,
};

describe('events and requests of an application have the same outcome', () => {
  useTracing();
  const freshTopic = usePreparedTopics(WAYS);
  const freshRequestTopic = usePreparedTopics(WAYS, { reply: true });
  let library: Library;

  beforeEach(async () => {
    // What was reported is remembered for the life of the process, by the copy that wrapped Nest's method.
    vi.resetModules();
    HOSTS.forEach(([prototype, createClient]) => Object.assign(prototype, { createClient }));
    library = await import('nestjs-kafka-tracing');
  });

  it('without tracing', async () => {
    expect(await outcomeWith(false)).toEqual(OUTCOME);
  });

  it.each(PARTS)('when %s', async (_name, part, reports) => {
    const expectReports = breakPart(part);
    expect(await outcomeWith(part.options)).toEqual(OUTCOME);
    await expectReports(reports);
  });

  it.each(ATTRIBUTES)('when the attributes of a step %s', async (_how, attributes, reports) => {
    const expectReports = breakPart({});
    expect(await outcomeWith({}, attributes)).toEqual(OUTCOME);
    await expectReports(reports);
  });

  async function outcomeWith(
    options: KafkaTracingModuleOptions | false = {},
    attributes: Attributes = () => ({}),
  ): Promise<typeof OUTCOME> {
    const [topic, requests] = [freshTopic(), freshRequestTopic()];
    const handled: unknown[] = [];
    const answered: string[] = [];
    @Controller()
    class Orders {
      @library.TracedEvent(topic, { span: 'step', attributes })
      handle(@Ctx() kafka: KafkaContext): void {
        handled.push(received(kafka.getMessage()));
        if (handled.length === 1) {
          throw new Error('once');
        }
      }

      @library.TracedEvent({ span: 'step', attributes })
      @MessagePattern<string>(requests)
      answer(order: string): string {
        answered.push(order);
        if (order === '4') {
          throw new RpcException('refused');
        }
        return `${order} is answered`;
      }
    }
    const { KafkaTracingModule: Tracing } = library;
    const app = await startMicroservice({
      tracing: false, // It would be of the copy that the others test with.
      imports: options === false ? [] : [Tracing.forRoot({ correlationId: CORRELATION_ID, ...options })],
      controllers: [Orders],
    });
    const client = await clientOf(app, requests);

    await emit(client, topic, messagesOf('1')[0]);
    await emit(client, topic, messagesOf('2')[0]);
    const reply = await firstValueFrom(client.send<string>(requests, messagesOf('3')[0]));
    const refusal = await caught(firstValueFrom(client.send(requests, messagesOf('4')[0])));
    await until('the events were handled', () => handled.length >= 3);
    return { handled, answered, reply, refusal };
  }
});

describe('KafkaTracing works as without an SDK', () => {
  useTracing();

  it.each([true, false])('when a propagator throws in extract, enabled: %s', async (enabled) => {
    const tracing = await tracingOf({ enabled });
    const handle = vi.fn(() => 'handled');
    usePropagator({ extract: BROKEN_FUNCTIONS.throws });
    const message = { value: null, offset: '0', headers: { traceparent: traceparent(1) } };
    expect(trace.getSpanContext(tracing.extract(message.headers))).toBeUndefined();
    expect(tracing.runInContextOf(message, handle)).toBe('handled');
    expect(handle).toHaveBeenCalledTimes(1);
    expect(tracing.deadLetter({ topic: 'orders', partition: 0, message }, 'no')).toMatchObject({
      topic: 'orders.dlt',
      messages: [{ headers: message.headers }],
    });
  });

  it.each(['inject', 'fields'] as const)('when a propagator throws in %s', async (method) => {
    const tracing = await tracingOf({});
    usePropagator({ [method]: BROKEN_FUNCTIONS.throws });
    const headers = { a: 'b', traceparent: traceparent(1) };
    expect(context.with(contextOf(2), () => tracing.inject(headers))).toEqual(headers);
  });

  it('when a context manager throws', async () => {
    const tracing = await tracingOf({});
    useContextManager({ active: BROKEN_FUNCTIONS.throws, with: BROKEN_FUNCTIONS.throws });
    expect(tracing.inject({ a: 'b' })).toEqual({ a: 'b' });
    expect(tracing.runInContextOf({ headers: { traceparent: traceparent(1) } }, () => 'handled')).toBe(
      'handled',
    );
  });
});

async function tracingOf(options: KafkaTracingModuleOptions): Promise<KafkaTracing> {
  return (await startContext({ imports: [KafkaTracingModule.forRoot(options)] })).get(KafkaTracing);
}
