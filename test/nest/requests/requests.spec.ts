import { ClientKafka } from '@nestjs/microservices';
import { SpanKind } from '@opentelemetry/api';
import {
  type Observable,
  Subject,
  catchError,
  concat,
  finalize,
  firstValueFrom,
  lastValueFrom,
  map,
  of,
  retry,
  take,
  tap,
  throwError,
  timeout,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  exceptionsOf,
  expectChildOf,
  expectFailed,
  expectLinkedTo,
  expectUnset,
} from '../../support/expectations.js';
import { readPlain } from '../../support/kafka.js';
import {
  answering,
  caught,
  fail,
  inCaller,
  pendingOf,
  unanswered,
  whereIAm,
} from '../../support/requests.js';
import { inSpan, useTracing } from '../../support/tracing.js';
import { until } from '../../support/until.js';

type GiveUp = (replies: Observable<unknown>, client: ClientKafka) => Promise<unknown>;

describe('a request', () => {
  const spans = useTracing();

  it('is a CLIENT span around its send, a child of what is active where it is subscribed to', async () => {
    const { topic, client } = await answering((data) => `${data}!`);

    const reply = await inSpan('caller', () => firstValueFrom(client.send<string>(topic, 'hello')));

    expect(reply).toBe('hello!');
    const request = await spans.one(`request ${topic}`);
    const send = await spans.one(`send ${topic}`);
    expectChildOf(request, await spans.one('caller'));
    expectLinkedTo(request);
    expectChildOf(send, request);
    expect(request.kind).toBe(SpanKind.CLIENT);
    expectUnset(request);
    const [host, port] = String(client['brokers' as never]).split(':');
    expect(request.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.system': 'kafka',
      'messaging.operation.name': 'request',
      'messaging.destination.name': topic,
      'messaging.client.id': 'client-client',
      'messaging.message.conversation_id': send.attributes['messaging.message.conversation_id'],
      'server.address': host,
      'server.port': Number(port),
    });
    const [message] = await readPlain(topic, 1);
    expect(request.attributes['messaging.message.conversation_id']).toBe(
      String(message?.headers?.['kafka_correlationId']),
    );
  });

  it('ends with the reply, which is part of its trace', async () => {
    const { topic, client } = await answering(() => 'done');

    await inSpan('caller', () => firstValueFrom(client.send(topic, {})));

    const request = await spans.one(`request ${topic}`);
    const process = await spans.one(`process ${topic}`);
    const reply = await spans.one(`send ${topic}.reply`);
    const received = await spans.one(`process ${topic}.reply`);
    expectChildOf(process, await spans.one(`send ${topic}`));
    expectChildOf(reply, process);
    expectChildOf(received, reply);
    expect(spans.finished.indexOf(request)).toBeGreaterThan(spans.finished.indexOf(process));
    expect(new Set(spans.finished.map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it('has what the caller does with a reply run in his own context', async () => {
    const { topic, client } = await answering((data) => (data === 'fail' ? fail() : data));
    const seen: Record<string, unknown> = {};
    const see = (where: string) => (): void => void (seen[where] = whereIAm());
    let expected: unknown;

    await inCaller('caller', async () => {
      expected = whereIAm();
      await lastValueFrom(
        client.send<string>(topic, 'hello').pipe(
          tap({ next: see('tap'), complete: see('complete'), finalize: see('finalize') }),
          map((reply) => (see('map')(), reply)),
        ),
      );
      see('after await')();
      await new Promise<void>((resolve) => {
        client.send(topic, 'hello').subscribe({ next: see('next'), complete: resolve });
      });
      await firstValueFrom(
        client.send(topic, 'fail').pipe(
          catchError((error) => {
            see('catchError')();
            return of(error);
          }),
        ),
      );
    });

    expect(expected).toEqual({ span: expect.any(String), baggage: 'caller' });
    expect(seen).toEqual({
      tap: expected,
      map: expected,
      complete: expected,
      finalize: expected,
      'after await': expected,
      next: expected,
      catchError: expected,
    });
  });

  it('belongs to whoever subscribes to it, not to whoever calls send', async () => {
    const { topic, client } = await answering((data) => data);
    let seen: unknown;
    let expected: unknown;

    const reply$: Observable<string> = await inCaller('calls send', async () => client.send(topic, 'hello'));
    await inCaller('subscribes', () => {
      expected = whereIAm();
      return firstValueFrom(reply$.pipe(tap(() => (seen = whereIAm()))));
    });

    expectChildOf(await spans.one(`request ${topic}`), await spans.one('subscribes'));
    expect(seen).toEqual(expected);
    expect(seen).toMatchObject({ baggage: 'subscribes' });
  });

  it('is a failure where the reply is an error', async () => {
    const { topic, client } = await answering(() => fail());

    const failure = await inSpan('caller', () => caught(firstValueFrom(client.send(topic, {}))));

    expect(failure).toEqual({ status: 'error', message: 'Internal server error' });
    const request = await spans.one(`request ${topic}`);
    expectFailed(request, '_OTHER', 'Internal server error');
    expect(exceptionsOf(request)).toEqual(['Internal server error']);
    expect(request.attributes['messaging.message.conversation_id']).toEqual(expect.any(String));
    expectUnset(await spans.one(`send ${topic}`));
  });

  it('goes on until the last of several replies', async () => {
    const replies = new Subject<string>();
    const { topic, client } = await answering(() => replies);
    const seen: string[] = [];

    const all = inSpan('caller', () =>
      lastValueFrom(
        client.send<string>(topic, {}).pipe(
          tap((reply) => seen.push(reply)),
          toArray(),
        ),
      ),
    );
    await until('the handler is asked', () => replies.observed);
    replies.next('a');
    await until('the first reply is there', () => seen.length === 1);
    expect(spans.open.map(({ name }) => name)).toContain(`request ${topic}`);
    replies.next('b');
    replies.next('c');
    replies.complete();

    expect(await all).toEqual(['a', 'b', 'c']);
    const request = await spans.one(`request ${topic}`);
    expectUnset(request);
    const received = await spans.all(`process ${topic}.reply`, 3);
    expect(spans.finished.indexOf(request)).toBeGreaterThan(spans.finished.indexOf(received[1]!));
  });

  it('is a failure where an error comes after values', async () => {
    const { topic, client } = await answering(() =>
      concat(
        of('a', 'b'),
        throwError(() => new TypeError('no more')),
      ),
    );
    const values: string[] = [];

    const reply$ = client.send<string>(topic, {}).pipe(tap((value) => values.push(value)));
    await expect(lastValueFrom(reply$)).rejects.toMatchObject({ message: 'Internal server error' });

    expect(values).toEqual(['a', 'b']);
    expectFailed(await spans.one(`request ${topic}`), '_OTHER', 'Internal server error');
    await spans.all(`process ${topic}.reply`, 3);
  });

  it.each<[how: string, one: (replies: Observable<string>) => Promise<string>]>([
    ['firstValueFrom', (replies) => firstValueFrom(replies)],
    ['take(1)', (replies) => lastValueFrom(replies.pipe(take(1)))],
  ])('is no failure where one reply of a stream was wanted: %s', async (_how, one) => {
    const replies = new Subject<string>();
    const { topic, client } = await answering(() => replies);

    const reply = one(client.send<string>(topic, {}));
    await until('the handler is asked', () => replies.observed);
    replies.next('a');

    expect(await reply).toBe('a');
    const request = await spans.one(`request ${topic}`);
    expectUnset(request);
    expect(request.attributes).not.toHaveProperty('error.type');
    expect(pendingOf(client)).toBe(0);
    replies.complete();
    await spans.all(`process ${topic}.reply`, 2);
  });

  it.each<[how: string, giveUp: GiveUp]>([
    ['timeout()', (replies) => caught(lastValueFrom(replies.pipe(timeout(100))))],
    ['unsubscribe()', unsubscribed],
  ])('is cancelled where it is given up before a reply: %s', async (_how, giveUp) => {
    const { topic, client } = await unanswered();

    await inSpan('caller', () => giveUp(client.send(topic, {}), client));

    const request = await spans.one(`request ${topic}`);
    expectChildOf(request, await spans.one('caller'));
    expectFailed(request, 'cancelled', 'The request was given up before a reply.');
    expect(exceptionsOf(request)).toEqual([]);
    await spans.one(`send ${topic}`);
    expect(pendingOf(client)).toBe(0);
  });

  it('is over when it was given up: a reply that comes later is nobody’s', async () => {
    const replies = new Subject<string>();
    const { topic, client } = await answering(() => replies);

    const given = inSpan('caller', () => lastValueFrom(client.send(topic, {}).pipe(timeout(300))));
    await expect(given).rejects.toMatchObject({ name: 'TimeoutError' });
    await until('the handler is asked', () => replies.observed);
    replies.next('too late');
    replies.complete();

    await spans.one(`process ${topic}.reply`);
    expectFailed(
      await spans.one(`request ${topic}`),
      'cancelled',
      'The request was given up before a reply.',
    );
  });

  it('does not mix with fifty others that are in flight', async () => {
    const seenByHandler: Record<string, string | undefined> = {};
    const { topic, client } = await answering((number) => {
      seenByHandler[number] = whereIAm().baggage;
      return `reply to ${number}`;
    });
    const numbers = Array.from({ length: 50 }, (_, number) => `caller-${number}`);
    let mostPending = 0;

    await Promise.all(
      numbers.map((number) =>
        inCaller(number, async () => {
          const expected = whereIAm();
          const reply = await firstValueFrom(
            client.send<string>(topic, number).pipe(
              tap(() => {
                mostPending = Math.max(mostPending, pendingOf(client));
                expect(whereIAm()).toEqual(expected);
              }),
            ),
          );
          expect(reply).toBe(`reply to ${number}`);
          expect(whereIAm()).toEqual(expected);
        }),
      ),
    );

    expect(mostPending).toBe(50);
    expect(seenByHandler).toEqual(Object.fromEntries(numbers.map((number) => [number, number])));
    const requests = await spans.all(`request ${topic}`, 50);
    const sends = await spans.all(`send ${topic}`, 50);
    await spans.all(`process ${topic}.reply`, 50);
    const traces = new Set<string>();
    for (const number of numbers) {
      const caller = await spans.one(number);
      const request = requests.find((span) => span.parentSpanContext?.spanId === caller.spanContext().spanId);
      const send = sends.find((span) => span.parentSpanContext?.spanId === request?.spanContext().spanId);
      expect(send?.attributes['messaging.message.conversation_id']).toBe(
        request?.attributes['messaging.message.conversation_id'],
      );
      const inTrace = spans.finished.filter(
        (span) => span.spanContext().traceId === caller.spanContext().traceId,
      );
      expect(inTrace.map(({ name }) => name).toSorted()).toEqual(
        [
          number,
          `request ${topic}`,
          `send ${topic}`,
          `process ${topic}`,
          `send ${topic}.reply`,
          `process ${topic}.reply`,
        ].toSorted(),
      );
      traces.add(caller.spanContext().traceId);
    }
    expect(traces.size).toBe(50);
  });

  it('is one span for each time that retry() subscribes to it, all of them the caller’s', async () => {
    let calls = 0;
    const { topic, client } = await answering(() => {
      calls += 1;
      return calls < 3 ? fail() : 'done';
    });

    const reply = await inSpan('caller', () => firstValueFrom(client.send(topic, {}).pipe(retry(2))));

    expect(reply).toBe('done');
    const [first, second, third] = await spans.all(`request ${topic}`, 3);
    const caller = await spans.one('caller');
    [first!, second!, third!].forEach((request) => expectChildOf(request, caller));
    expectFailed(first!, '_OTHER', 'Internal server error');
    expectFailed(second!, '_OTHER', 'Internal server error');
    expectUnset(third!);
    const ids = [first, second, third].map((span) => span?.attributes['messaging.message.conversation_id']);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('a request by the options of its topic', () => {
  const spans = useTracing();

  it('is named by the template', async () => {
    const template = 'request-{instance}';
    const topics = [{ match: 'request-*.reply' }, { match: 'request-*', template }];
    const { topic, client } = await answering(() => 'done', { tracing: { topics } });

    await firstValueFrom(client.send(topic, {}));

    const request = await spans.one(`request ${template}`);
    expect(request.attributes).toMatchObject({
      'messaging.destination.name': topic,
      'messaging.destination.template': template,
    });
    expectChildOf(await spans.one(`send ${template}`), request);
    await spans.one(`process ${topic}.reply`);
  });

  it('has no span with trace: false, and the handler goes on with the caller’s trace', async () => {
    const topics = [{ match: 'request-*.reply' }, { match: 'request-*', trace: false }];
    const seen: unknown[] = [];
    const { topic, client } = await answering(() => void seen.push(whereIAm()), { tracing: { topics } });
    let expected: unknown;

    await inCaller('caller', () => {
      expected = whereIAm();
      return firstValueFrom(client.send(topic, {}).pipe(tap(() => seen.push(whereIAm()))), {
        defaultValue: undefined,
      });
    });

    expect(seen).toEqual([expected, expected]);
    const reply = await spans.one(`send ${topic}.reply`);
    expectChildOf(reply, await spans.one('caller'));
    await spans.one(`process ${topic}.reply`);
    expect(spans.finished).toHaveLength(3);
  });

  it('has a span with requireParent only inside another one', async () => {
    const { topic, client } = await answering((data) => data, { tracing: { requireParent: true } });

    await firstValueFrom(client.send(topic, 'a poller'));
    await spans.one(`process ${topic}.reply`);
    expect(spans.named(`request ${topic}`)).toEqual([]);
    await inSpan('caller', () => firstValueFrom(client.send(topic, 'somebody')));

    expectChildOf(await spans.one(`request ${topic}`), await spans.one('caller'));
    await spans.all(`process ${topic}.reply`, 2);
  });

  it('has no span where tracing is off', async () => {
    const { topic, client } = await answering((data) => data, { tracing: { enabled: false } });
    expect(await inSpan('caller', () => firstValueFrom(client.send(topic, 'hello')))).toBe('hello');
    expect(spans.finished.map(({ name }) => name)).toEqual(['caller']);
  });
});

/** Unsubscribes when the request is on its way. */
async function unsubscribed(replies: Observable<unknown>, client: ClientKafka): Promise<void> {
  let isTornDown = false;
  const subscription = replies.pipe(finalize(() => (isTornDown = true))).subscribe();
  await until('the request is under way', () => pendingOf(client) === 1);
  subscription.unsubscribe();
  expect(isTornDown).toBe(true);
}
