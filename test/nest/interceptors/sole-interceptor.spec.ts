import { Controller, type NestInterceptor } from '@nestjs/common';
import { ExecutionContextHost, InterceptorsConsumer } from '@nestjs/core/internal';
import { KafkaContext } from '@nestjs/microservices';
import { context, trace } from '@opentelemetry/api';
import { KafkaTracingInterceptor, TracedEvent } from 'nestjs-kafka-tracing';
import { Observable, Subject, concat, isObservable, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveOptions } from '../../../lib/resolve-options.js';
import { KafkaTracer } from '../../../lib/tracing/kafka-tracer.js';
import type { Delivery } from '../../../lib/tracing/processing/delivery.js';
import { rememberDelivery } from '../../../lib/tracing/processing/remembered-delivery.js';
import { runWithoutStreams } from '../../../lib/nest/interceptors/sole-interceptor.js';
import { expectChildOf, expectFailed } from '../../support/expectations.js';
import { startMicroservice } from '../../support/nest-app.js';
import { useTracing } from '../../support/tracing.js';

class Handlers {
  @TracedEvent('orders', { span: 'step' })
  handle(): void {}
}

const { handle: handler } = Handlers.prototype;

let delivery: Delivery; // The latest.
const deliveries: Delivery[] = [];

/** As Nest runs a handler, for a message that our driver handed over: with these interceptors. */
async function run(
  interceptors: readonly NestInterceptor[],
  handle: () => Promise<unknown>,
  type = 'rpc',
  consumer = new InterceptorsConsumer(),
): Promise<unknown> {
  const message = { key: null, value: null, timestamp: '0', attributes: 0, offset: '7', headers: {} };
  const heartbeat = vi.fn(async () => {});
  const kafka = new KafkaContext([message, 3, 'orders', undefined!, heartbeat, undefined!]);
  delivery = new KafkaTracer(resolveOptions()).startProcess({
    endpoint: {},
    topic: 'orders',
    partition: 3,
    message,
  });
  deliveries.push(delivery);
  rememberDelivery(heartbeat, delivery);
  const args = [{}, kafka];
  return context.with(delivery.context, () =>
    consumer.intercept([...interceptors], args, new Handlers(), handler, handle, type as 'rpc'),
  );
}

const activeSpan = (): string | undefined => trace.getSpanContext(context.active())?.spanId;
const next = async (): Promise<string> => 'done';
const ours = new KafkaTracingInterceptor();
const another: NestInterceptor = { intercept: (_execution, next) => next.handle() };

describe('a handler whose only interceptor is ours', () => {
  const spans = useTracing();

  beforeEach(async () => {
    @Controller()
    class None {}
    await startMicroservice({ controllers: [None] });
  });

  afterEach(() => deliveries.splice(0).forEach((one) => one.end()));

  it('is run as one that has none: what it returns is handed on, and no stream is made of it', async () => {
    const result = {};
    expect(await run([ours], async () => result)).toBe(result);
    expect(await run([ours], async () => undefined)).toBeUndefined();
    expect(await spans.all('step', 2)).toHaveLength(2);
  });

  it('is run within its step', async () => {
    const active = await run([ours], async () => activeSpan());
    const step = await spans.one('step');
    expect(active).toBe(step.spanContext().spanId);
    delivery.end();
    expectChildOf(step, await spans.one('process orders'));
  });

  it('fails with its own exception, which is recorded, and after which no step is active', async () => {
    const failure = new Error('no');
    let after: unknown = 'not reached';
    const failed = run([ours], () => Promise.reject(failure)).catch((error: unknown) => {
      after = activeSpan();
      throw error;
    });
    await expect(failed).rejects.toBe(failure);
    expect(after).toBeUndefined();
    expectFailed(await spans.one('step'), 'Error', 'no');
    delivery.failed(new Error('what a filter made of it'));
    expectFailed(await spans.one('process orders'), 'Error', 'no');
  });

  it('returns a stream that is its own, within its step, which ends with it', async () => {
    const active: unknown[] = [];
    const stream = new Observable((subscriber) => {
      active.push(activeSpan());
      return of(1, 2).subscribe(subscriber);
    });
    const returned = await run([ours], async () => stream);
    expect(spans.finished).toEqual([]);
    expect(await lastValueFrom((returned as Observable<number>).pipe(toArray()))).toEqual([1, 2]);
    const step = await spans.one('step');
    expect(active).toEqual([step.spanContext().spanId]);
  });

  it('returns a stream that fails, whose exception is recorded', async () => {
    const failure = new Error('no');
    const stream = concat(
      of(1),
      throwError(() => failure),
    );
    const returned = (await run([ours], async () => stream)) as Observable<number>;
    await expect(lastValueFrom(returned)).rejects.toBe(failure);
    expectFailed(await spans.one('step'), 'Error', 'no');
  });

  it('ends with its message where nobody subscribes to its stream', async () => {
    await run([ours], async () => of(1));
    expect(spans.finished).toEqual([]);
    delivery.end();
    await spans.one('step');
  });

  it('ends at once where its message was over before its stream was there', async () => {
    await run([ours], async () => {
      delivery.end();
      return of(1);
    });
    await spans.one('step');
  });

  it('goes on after its message where its stream does, as that of a request', async () => {
    const values = new Subject<number>();
    const returned = (await run([ours], async () => values)) as Observable<number>;
    const received = lastValueFrom(returned.pipe(toArray()));
    delivery.end();
    expect(spans.finished.map(({ name }) => name)).toEqual(['process orders']);
    values.next(1);
    values.complete();
    expect(await received).toEqual([1]);
    await spans.one('step');
  });

  it('is left to Nest where another driver handed the message over: then the stream ends the process span', async () => {
    const message = { key: null, value: null, timestamp: '0', attributes: 0, offset: '7', headers: {} };
    const kafka = new KafkaContext([message, 3, 'orders', undefined!, async () => {}, undefined!]);
    const consumer = new InterceptorsConsumer();
    const result = await consumer.intercept([ours], [{}, kafka], new Handlers(), handler, next, 'rpc');
    expect(await lastValueFrom(result as Observable<string>)).toBe('done');
    await spans.one('process orders');
  });

  it('is left to Nest together with another interceptor, for another transport, and in a subclass', async () => {
    class Own extends KafkaTracingInterceptor {
      override intercept(...args: Parameters<KafkaTracingInterceptor['intercept']>): Observable<unknown> {
        return super.intercept(...args);
      }
    }
    const results = await Promise.all([
      run([ours, another], next),
      run([another], next),
      run([ours], next, 'http'),
      run([new Own()], next),
    ]);
    expect(results.map((result) => isObservable(result))).toEqual([true, true, true, true]);
    expect(await run([], next)).toBe('done');
  });

  it('is run by what others have wrapped around it before', async () => {
    let calls = 0;
    class Wrapped {
      async intercept(
        _interceptors: unknown,
        _args: unknown,
        _of: unknown,
        _by: unknown,
        run: () => unknown,
      ) {
        calls += 1;
        return run();
      }
      createContext(...args: Parameters<InterceptorsConsumer['createContext']>) {
        return new InterceptorsConsumer().createContext(...args);
      }
    }
    runWithoutStreams({ interceptorsConsumer: new Wrapped() } as never);
    const active = await run([ours], async () => activeSpan(), 'rpc', new Wrapped() as never);
    expect(calls).toBe(1);
    expect(active).toBe((await spans.one('step')).spanContext().spanId);
  });

  it('is wrapped once, and by a name that nobody lists', async () => {
    const { intercept } = InterceptorsConsumer.prototype;
    await startMicroservice({});
    expect(InterceptorsConsumer.prototype.intercept).toBe(intercept);
    expect(Object.keys(InterceptorsConsumer.prototype)).toEqual([]);
  });

  it.each([
    ['nothing', undefined],
    ['something else', {}],
    ['another class', { interceptorsConsumer: new ExecutionContextHost([]) }],
  ])('stays as it is where Nest has %s in its place', (_what, creator) => {
    expect(() => runWithoutStreams(creator as never)).not.toThrow();
    expect(Object.hasOwn(ExecutionContextHost.prototype, 'intercept')).toBe(false);
  });
});
