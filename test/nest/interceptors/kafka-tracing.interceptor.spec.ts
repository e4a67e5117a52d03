import { Controller, UseInterceptors } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { EventPattern, KafkaContext, MessagePattern, ServerKafka, Transport } from '@nestjs/microservices';
import { context, trace } from '@opentelemetry/api';
import { KafkaTracingInterceptor, TracedEvent } from 'nestjs-kafka-tracing';
import {
  Observable,
  Subject,
  Subscriber,
  concat,
  firstValueFrom,
  lastValueFrom,
  of,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { expectChildOf, expectFailed, expectLinkedTo, expectRoot } from '../../support/expectations.js';
import { freshTopic, plainKafka, sendPlain } from '../../support/kafka.js';
import { clientOf, kafkaOptions, startHybrid, startMicroservice } from '../../support/nest-app.js';
import { remoteSpan, traceparent } from '../../support/trace-context.js';
import { inSpan, useTracing } from '../../support/tracing.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

async function sharedHeartbeat(): Promise<void> {}

class Handlers {
  @TracedEvent('orders', { span: 'step' })
  handle(): void {}
}

/** An execution of a handler as Nest's tests of interceptors make it. */
function execution(headers: object = {}, heartbeat?: () => Promise<void>): ExecutionContextHost {
  const message = { key: null, value: '{}', headers, offset: '7', timestamp: '0', attributes: 0, size: 1 };
  const kafka = new KafkaContext([message, 3, 'orders', undefined, heartbeat, undefined] as never);
  const host = new ExecutionContextHost([{}, kafka], Handlers, Handlers.prototype.handle);
  host.setType('rpc');
  return host;
}

describe('KafkaTracingInterceptor alone, without the module', () => {
  const spans = useTracing();
  const interceptor = new KafkaTracingInterceptor();

  it('continues the trace of the message, and opens the process span itself', async () => {
    const headers = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` };
    let active: string | undefined;
    const handler = {
      handle: () => {
        active = trace.getActiveSpan()?.spanContext().spanId;
        return of('a', 'b');
      },
    };

    expect(await lastValueFrom(interceptor.intercept(execution(headers), handler).pipe(toArray()))).toEqual([
      'a',
      'b',
    ]);

    const process = await spans.one('process orders');
    const step = await spans.one('step');
    expect(process.parentSpanContext).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID });
    expect(process.links.map((link) => link.context.spanId)).toEqual([SPAN_ID]);
    expect(process.attributes).toMatchObject({
      'messaging.destination.partition.id': '3',
      'kafka.offset': 7,
    });
    expectChildOf(step, process);
    expect(active).toBe(step.spanContext().spanId);
  });

  it('says that the delivery failed', async () => {
    const failure = new Error('no');
    const handled = lastValueFrom(
      interceptor.intercept(execution(), { handle: () => throwError(() => failure) }),
    );
    await expect(handled).rejects.toBe(failure);
    expectFailed(await spans.one('process orders'), 'Error', 'no');
    expectFailed(await spans.one('step'), 'Error', 'no');
  });

  it('ends its spans where the handler throws at once', async () => {
    const failure = new Error('no');
    const handle = (): never => {
      throw failure;
    };
    await expect(lastValueFrom(interceptor.intercept(execution(), { handle }))).rejects.toBe(failure);
    expectFailed(await spans.one('process orders'), 'Error', 'no');
  });

  it('opens a process span again where a strategy hands over the same context again', async () => {
    const again = execution();
    const failed = interceptor.intercept(again, { handle: () => throwError(() => new Error('no')) });
    await expect(lastValueFrom(failed)).rejects.toThrow('no');
    expect(await lastValueFrom(interceptor.intercept(again, { handle: () => of(1) }))).toBe(1);
    const [, second] = await spans.all('process orders', 2);
    const [, step] = await spans.all('step', 2);
    expectChildOf(step!, second!);
  });

  it('ends its spans where the subscriber leaves', async () => {
    const endless = new Subject<string>();
    interceptor
      .intercept(execution(), { handle: () => endless })
      .subscribe()
      .unsubscribe();
    await spans.one('process orders');
    expect(endless.observed).toBe(false);
  });

  it('ends its spans, and the stream, where the subscriber leaves in the middle of a stream that never waits', async () => {
    let values = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && values < 1_000) {
        values += 1;
        subscriber.next(values);
      }
    });
    const taken = interceptor.intercept(execution(), { handle: () => endless }).pipe(take(3), toArray());
    expect(await lastValueFrom(taken)).toEqual([1, 2, 3]);
    expect(values).toBe(3);
    await spans.one('process orders');
  });

  it('runs the handler without spans where the subscriber has left before', () => {
    const handle = vi.fn(() => of(1));
    const left = new Subscriber<unknown>();
    left.unsubscribe();
    interceptor.intercept(execution(), { handle }).subscribe(left);
    expect(handle).toHaveBeenCalledOnce();
    expect(spans.finished).toEqual([]);
  });

  it('passes on every value before an error, and the error once', async () => {
    const failure = new Error('no');
    const seen: unknown[] = [];
    const handle = () =>
      concat(
        of(1, 2),
        throwError(() => failure),
      );
    interceptor.intercept(execution(), { handle }).subscribe({
      next: (value) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('complete'),
    });
    expect(seen).toEqual([1, 2, failure]);
    expectFailed(await spans.one('process orders'), 'Error', 'no');
  });

  it('calls the handler only when it is subscribed to, and once', async () => {
    let calls = 0;
    const handle = () => {
      calls += 1;
      return of(1);
    };
    const result = interceptor.intercept(execution(), { handle });
    expect(calls).toBe(0);
    await firstValueFrom(result);
    expect(calls).toBe(1);
  });

  it('keeps messages apart that share a heartbeat, as those of a batch do', async () => {
    for (const number of [1, 2, 3]) {
      const host = execution({ traceparent: traceparent(number) }, sharedHeartbeat);
      await lastValueFrom(interceptor.intercept(host, { handle: () => of(1) }));
    }
    const parents = (await spans.all('process orders', 3)).map((span) => span.parentSpanContext?.spanId);
    expect(parents).toEqual([1, 2, 3].map((number) => remoteSpan(number).spanId));
  });

  it('makes an ambient span a link', async () => {
    await inSpan('ambient', () => lastValueFrom(interceptor.intercept(execution(), { handle: () => of(1) })));
    const process = await spans.one('process orders');
    expectRoot(process);
    expectLinkedTo(process, await spans.one('ambient'));
  });

  it('leaves handlers of other transports alone', async () => {
    const http = new ExecutionContextHost([{}, {}], Handlers, Handlers.prototype.handle);
    expect(await lastValueFrom(interceptor.intercept(http, { handle: () => of(1) }))).toBe(1);
    const tcp = new ExecutionContextHost([{}, {}], Handlers, Handlers.prototype.handle);
    tcp.setType('rpc');
    expect(await lastValueFrom(interceptor.intercept(tcp, { handle: () => of(1) }))).toBe(1);
    expect(spans.finished).toEqual([]);
  });
});

describe('KafkaTracingInterceptor', () => {
  const spans = useTracing();

  it('opens no second span where it is used by hand beside the module, nor a second step', async () => {
    const topic = await freshTopic();
    @Controller()
    @UseInterceptors(KafkaTracingInterceptor)
    class Orders {
      @UseInterceptors(new KafkaTracingInterceptor())
      @TracedEvent(topic, { span: 'step' })
      handle(): void {}
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}' });

    await spans.one(`process ${topic}`);
    await spans.one('step');
  });

  it('opens the process span for a strategy that makes its own Kafka', async () => {
    const topic = await freshTopic();
    class OwnStrategy extends ServerKafka {
      // As a strategy that is out of the seam's reach: what it returns is no Kafka that Nest made.
      override async listen(callback: (error?: unknown) => void): Promise<void> {
        Object.defineProperty(this, 'createClient', { value: () => plainKafka() });
        await super.listen(callback);
      }
    }
    @Controller()
    class Orders {
      @TracedEvent(topic, { span: 'step' })
      handle(): void {}
    }
    const strategy = new OwnStrategy({ ...kafkaOptions('own'), run: {} });
    await startMicroservice({ controllers: [Orders] }, strategy);

    await sendPlain(topic, { value: '{}', headers: { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` } });

    const process = await spans.one(`process ${topic}`);
    expect(process.parentSpanContext?.spanId).toBe(SPAN_ID);
    expectChildOf(await spans.one('step'), process);
  });

  it('does not mix with handlers of another transport in a hybrid application', async () => {
    const topic = await freshTopic();
    @Controller()
    class Orders {
      @EventPattern<string>(topic, Transport.KAFKA)
      handle(): void {}
      @MessagePattern<string>('sum', Transport.TCP)
      sum(): number {
        return 1;
      }
    }
    await startHybrid({ controllers: [Orders] });
    await sendPlain(topic, { value: '{}' });
    await spans.one(`process ${topic}`);
  });
});

describe('KafkaTracingInterceptor without a context manager', () => {
  const spans = useTracing({ contextManager: false });

  it('opens no second process span, and the step is its child', async () => {
    const topic = await freshTopic('request', { reply: true });
    @Controller()
    class Orders {
      @TracedEvent({ span: 'step' })
      @MessagePattern<string>(topic)
      handle(): string {
        expect(context.active()).toBe(context.active());
        throw new Error('no');
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    await expect(firstValueFrom(client.send(topic, {}))).rejects.toBeDefined();

    const process = await spans.one(`process ${topic}`);
    expectChildOf(await spans.one('step'), process);
  });
});
