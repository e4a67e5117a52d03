import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { context, propagation, trace } from '@opentelemetry/api';
import type { RecordedSpan } from 'nestjs-kafka-tracing/testing';
import { TracedEvent } from 'nestjs-kafka-tracing';
import { type Observable, concat, delay, firstValueFrom, from, of, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectChildOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { freshName, freshTopic, sendPlain } from '../../support/kafka.js';
import { clientOf, startHybrid, startMicroservice } from '../../support/nest-app.js';
import { inSpan, useTracing } from '../../support/tracing.js';

describe('what runs for a message', () => {
  const spans = useTracing();

  it('runs inside the process span: guards, interceptors, pipes, handler and filters', async () => {
    const topic = await freshTopic();
    const seen: Record<string, string | undefined> = {};
    class Guard implements CanActivate {
      canActivate(): boolean {
        seen['guard'] = activeId();
        return true;
      }
    }
    class Interceptor implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        seen['interceptor'] = activeId();
        return next.handle().pipe(tap({ error: () => (seen['interceptor, after'] = activeId()) }));
      }
    }
    class Pipe implements PipeTransform {
      transform(value: unknown): unknown {
        seen['pipe'] = activeId();
        return value;
      }
    }
    @Catch()
    class Filter implements ExceptionFilter {
      catch(): Observable<string> {
        seen['filter'] = activeId();
        return of('handled');
      }
    }
    @Controller()
    class Orders {
      @UseGuards(Guard)
      @UseInterceptors(Interceptor)
      @UseFilters(Filter)
      @EventPattern<string>(topic)
      handle(@Payload(Pipe) _order: unknown): void {
        seen['handler'] = activeId();
        throw new Error('for the filter');
      }
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}' });

    const { spanId } = (await spans.one(`process ${topic}`)).spanContext();
    expect(seen).toEqual({
      guard: spanId,
      interceptor: spanId,
      pipe: spanId,
      handler: spanId,
      'interceptor, after': spanId,
      filter: spanId,
    });
  });

  it.each([
    ['no value', () => from([]), [null]], // Nest's reply to a request always has a value.
    ['one value', () => of('a'), ['a']],
    ['many values', () => concat(of('a').pipe(delay(1)), of('b').pipe(delay(1)), of('c')), ['a', 'b', 'c']],
  ])(
    'hands on a stream of %s, with the step span around it all',
    async (_what, stream: () => Observable<string>, expected) => {
      const topic = await freshTopic('request', { reply: true });
      @Controller()
      class Orders {
        @TracedEvent({ span: 'step' })
        @MessagePattern<string>(topic)
        handle(): Observable<string> {
          return stream();
        }
      }
      const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

      expect(await firstValueFrom(client.send<string>(topic, {}).pipe(toArray()))).toEqual(expected);

      const step = await spans.one('step');
      expectChildOf(step, await spans.one(`process ${topic}`));
      expectUnset(step);
      await spans.all(`process ${topic}.reply`, Math.max(1, expected.length));
    },
  );

  it('keeps the context in the stream that a handler returns', async () => {
    const topic = await freshTopic('request', { reply: true });
    let inStream: string | undefined;
    @Controller()
    class Orders {
      @TracedEvent({ span: 'step' })
      @MessagePattern<string>(topic)
      handle(): Observable<string> {
        return of('a').pipe(
          delay(1),
          tap(() => (inStream = activeId())),
        );
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    await firstValueFrom(client.send(topic, {}));

    expect(inStream).toBe((await spans.one('step')).spanContext().spanId);
  });

  it('runs a filter in the process span, not in the step that failed', async () => {
    const topic = await freshTopic();
    let inFilter: string | undefined;
    @Catch()
    class Filter implements ExceptionFilter {
      catch(): Observable<unknown> {
        inFilter = activeId();
        return of(null);
      }
    }
    @Controller()
    class Orders {
      @UseFilters(Filter)
      @TracedEvent(topic, { span: 'step' })
      async handle(): Promise<void> {
        await Promise.reject(new Error('no'));
      }
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}' });

    const process = await spans.one(`process ${topic}`);
    expect(inFilter).toBe(process.spanContext().spanId);
    expectFailed(await spans.one('step'), 'Error', 'no');
  });

  it('has one process span where two handlers share a topic, and a step span for each', async () => {
    const topic = await freshTopic();
    @Controller()
    class Mail {
      @TracedEvent(topic, { span: 'mail' })
      async handle(): Promise<void> {}
    }
    @Controller()
    class Statistics {
      @TracedEvent(topic, { span: 'count' })
      async handle(): Promise<void> {}
    }
    await startMicroservice({ controllers: [Mail, Statistics] });

    await sendPlain(topic, { value: '{}' });

    const process = await spans.one(`process ${topic}`);
    expectChildOf(await spans.one('mail'), process);
    expectChildOf(await spans.one('count'), process);
  });

  it('ends the step span of a handler that is abandoned because the other one failed', async () => {
    const topic = await freshTopic();
    let deliveries = 0;
    @Controller()
    class Slow {
      @TracedEvent(topic, { span: 'slow' })
      handle(): Observable<string> {
        return deliveries > 0 ? of('quick') : of('slow').pipe(delay(60_000));
      }
    }
    @Controller()
    class Failing {
      @TracedEvent(topic, { span: 'failing' })
      async handle(): Promise<void> {
        deliveries += 1;
        if (deliveries === 1) {
          throw new RangeError('too much');
        }
      }
    }
    await startMicroservice({ controllers: [Slow, Failing] });

    await sendPlain(topic, { value: '{}' });

    const [failed, redelivered] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, 'RangeError', 'too much');
    expectUnset(redelivered!);
    const [abandoned, repeated] = await spans.all('slow', 2);
    expectChildOf(abandoned!, failed!);
    expectChildOf(repeated!, redelivered!);
    expectFailed((await spans.all('failing', 2))[0]!, 'RangeError', 'too much');
  });

  it('names the span by the topic where the pattern is a regular expression', async () => {
    const prefix = freshName('events');
    const topic = await freshTopic(prefix);
    @Controller()
    class Events {
      @TracedEvent(new RegExp(`^${prefix}-`), { span: 'any_event' })
      handle(): void {}
    }
    await startMicroservice({ controllers: [Events] });

    await sendPlain(topic, { value: '{}' });

    const process = await spans.one(`process ${topic}`);
    expect(process.attributes).not.toHaveProperty('nestjs.kafka.handler.missing');
    expectChildOf(await spans.one('any_event'), process);
  });

  it('works in a controller that is made for each request', async () => {
    const topic = await freshTopic();
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      constructor(@Inject(REQUEST) readonly request: object) {
        made += 1;
      }
    }
    @Controller()
    class Orders {
      constructor(@Inject(PerRequest) readonly perRequest: PerRequest) {}
      @TracedEvent(topic, { span: 'step' })
      handle(): void {}
    }
    await startHybrid({ controllers: [Orders], providers: [PerRequest] });

    await sendPlain(topic, { value: '1' });
    await sendPlain(topic, { value: '2' });

    const processes = await spans.all(`process ${topic}`, 2);
    const steps = await spans.all('step', 2);
    expectChildOf(steps[0]!, processes[0]!);
    expectChildOf(steps[1]!, processes[1]!);
    expect(made).toBe(2);
  });

  it('has the baggage of its producer, and nothing of what was active when the client was connected', async () => {
    const topic = await freshTopic('request', { reply: true });
    let received: string | undefined;
    @Controller()
    class Orders {
      @MessagePattern<string>(topic)
      handle(): string {
        received = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
        return 'done';
      }
    }
    const app = await startMicroservice({ controllers: [Orders] });

    // Connects lazily, inside this request: the consumer of replies is started here.
    const client = await inSpan('first request', () => clientOf(app, topic));
    await inSpan('second request', () => {
      const baggage = propagation.createBaggage({ tenant: { value: 'a' } });
      return context.with(propagation.setBaggage(context.active(), baggage), () =>
        firstValueFrom(client.send(topic, {})),
      );
    });
    expect(received).toBe('a');
    await inSpan('third request', () => firstValueFrom(client.send(topic, {})));
    expect(received).toBeUndefined();

    const replies = await spans.all(`process ${topic}.reply`, 2);
    expect(replies.map(traceIdOf)).toEqual([
      traceIdOf(await spans.one('second request')),
      traceIdOf(await spans.one('third request')),
    ]);
  });
});

function activeId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().spanId;
}

function traceIdOf(span: RecordedSpan): string {
  return span.spanContext().traceId;
}
