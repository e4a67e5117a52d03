import {
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { KafkaRetriableException, RpcException } from '@nestjs/microservices';
import { SpanStatusCode } from '@opentelemetry/api';
import type { KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import { firstValueFrom, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { handlerOf } from '../support/events.js';
import { exceptionsOf, expectFailed, expectUnset } from '../support/expectations.js';
import { freshTopic, sendPlain } from '../support/kafka.js';
import { useMetrics } from '../support/metrics.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { answererOf, answering, caught } from '../support/requests.js';
import { useTracing } from '../support/tracing.js';

type Classify = NonNullable<KafkaTracingModuleOptions['classifyError']>;

const PROCESSED = 'messaging.process.duration';

class OutOfStock extends Error {
  override readonly name = 'OutOfStock';
}

class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class FailingPipe implements PipeTransform {
  transform(): never {
    throw unreadable;
  }
}

@Catch(OutOfStock)
class RewordingFilter implements ExceptionFilter {
  catch() {
    return throwError(() => new RpcException('reworded'));
  }
}

@Catch(OutOfStock)
class SwallowingFilter implements ExceptionFilter {
  catch() {
    return of('handled');
  }
}

const sold = new OutOfStock('no more of it');
const unreadable = new Unreadable('not what was expected');
const expected: Classify = (error) => (error instanceof OutOfStock ? 'expected' : 'error');

/** Keeps what it is asked, and expects every error. */
function recordingClassifier(): { readonly asked: unknown[][]; readonly classifyError: Classify } {
  const asked: unknown[][] = [];
  return {
    asked,
    classifyError: (...question) => {
      asked.push(question);
      return 'expected';
    },
  };
}

/** A handler that throws at the first delivery. */
function failingOnce(error: unknown): () => void {
  let deliveries = 0;
  return () => {
    deliveries += 1;
    if (deliveries === 1) {
      throw error;
    }
  };
}

function failing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

describe('classifyError', () => {
  const spans = useTracing();
  const recorded = useMetrics();

  /** The error types in the metric of what was handled: `undefined` for a success. */
  async function measuredTypes(): Promise<readonly unknown[]> {
    return (await recorded.points(PROCESSED)).map(({ attributes }) => attributes['error.type']);
  }

  it('makes no failure of a rejection that is expected: the event is delivered again all the same', async () => {
    const topic = await freshTopic();
    await startMicroservice({
      tracing: { classifyError: expected },
      controllers: [handlerOf(topic, failingOnce(sold), { span: 'step' })],
    });

    await sendPlain(topic, { value: '{}' });

    const [rejected, redelivered] = await spans.all(`process ${topic}`, 2);
    expectUnset(rejected!);
    expect(rejected!.attributes).not.toHaveProperty('error.type');
    expect(exceptionsOf(rejected!)).toEqual(['no more of it']);
    expect(redelivered!.attributes['nestjs.kafka.delivery_attempt']).toBe(2);
    for (const step of await spans.all('step', 2)) {
      expectUnset(step);
      expect(step.attributes).not.toHaveProperty('error.type');
    }
    await recorded.one(PROCESSED, 2);
    expect(await measuredTypes()).toEqual([undefined]);
  });

  it('leaves a failure what is not expected, in spans and in metrics', async () => {
    const topic = await freshTopic();
    await startMicroservice({
      tracing: { classifyError: expected },
      controllers: [handlerOf(topic, failingOnce(new RangeError('too much')), { span: 'step' })],
    });

    await sendPlain(topic, { value: '{}' });

    const [failed] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, 'RangeError', 'too much');
    expectFailed((await spans.all('step', 2))[0]!, 'RangeError', 'too much');
    expect(await measuredTypes()).toEqual(['RangeError', undefined]);
  });

  it.each<[what: string, error: Error, code: SpanStatusCode, errorType: string | undefined]>([
    ['expected', sold, SpanStatusCode.UNSET, undefined],
    ['not expected', new RangeError('too much'), SpanStatusCode.ERROR, 'RangeError'],
  ])('tells failures of request handlers apart, and the reply is the same: %s', async (...situation) => {
    const [, error, code, errorType] = situation;
    const { topic, client } = await answering(failing(error), { tracing: { classifyError: expected } });

    const failure = await caught(firstValueFrom(client.send(topic, {})));

    expect(failure).toEqual({ status: 'error', message: 'Internal server error' });
    const process = await spans.one(`process ${topic}`);
    expect(exceptionsOf(process)).toEqual([error.message]);
    expect([process.status.code, process.attributes['error.type']]).toEqual([code, errorType]);
    const measured = (await recorded.points(PROCESSED)).find(
      ({ attributes }) => attributes['messaging.destination.name'] === topic,
    );
    expect(measured?.value).toBe(1);
    expect(measured?.attributes['error.type']).toBe(errorType);
    expectFailed(await spans.one(`request ${topic}`), '_OTHER', 'Internal server error');
    await spans.one(`process ${topic}.reply`);
  });

  it('may expect an exception that asks for another delivery', async () => {
    const { asked, classifyError } = recordingClassifier();
    const again = new KafkaRetriableException('try again');
    const { topic, client } = await answering(failingOnce(again), { tracing: { classifyError } });

    await firstValueFrom(client.send(topic, {}));

    const [rejected] = await spans.all(`process ${topic}`, 2);
    expectUnset(rejected!);
    expect(asked.map(([error, of]) => [error === again, of])).toContainEqual([true, topic]);
    await spans.one(`process ${topic}.reply`);
  });
});

describe('what classifyError is asked', () => {
  const spans = useTracing();

  it('is the very error that a handler threw, and the topic', async () => {
    const topic = await freshTopic();
    const { asked, classifyError } = recordingClassifier();
    const controllers = [handlerOf(topic, failingOnce(sold))];
    await startMicroservice({ tracing: { classifyError }, controllers });

    await sendPlain(topic, { value: '{}' });

    await spans.all(`process ${topic}`, 2);
    expect(asked).toEqual([[sold, topic]]);
    expect(asked[0]?.[0]).toBe(sold);
  });

  it.each<[what: string, decorate: ClassDecorator, error: unknown]>([
    ['the original one where a filter rewords it', UseFilters(RewordingFilter), sold],
    ['that of a pipe', UsePipes(FailingPipe), unreadable],
    [
      'what is left of that of a guard',
      UseGuards(RefusingGuard),
      { status: 'error', message: 'Forbidden resource' },
    ],
  ])('is %s', async (_what, decorate, error) => {
    const topic = await freshTopic('request', { reply: true });
    const { asked, classifyError } = recordingClassifier();
    const answerer = answererOf(topic, failing(sold));
    decorate(answerer);
    const app = await startMicroservice({ tracing: { classifyError }, controllers: [answerer] });

    await caught(firstValueFrom((await clientOf(app, topic)).send(topic, {})));

    expectUnset(await spans.one(`process ${topic}`));
    expect(asked).toEqual([[error, topic]]);
    await spans.one(`process ${topic}.reply`);
  });

  it('is what a deserializer threw', async () => {
    const topic = await freshTopic();
    const { asked, classifyError } = recordingClassifier();
    const deserialize = failingOnce(unreadable);
    await startMicroservice({
      tracing: { classifyError },
      controllers: [handlerOf(topic)],
      server: {
        deserializer: {
          deserialize: (data: unknown) => {
            deserialize();
            return { pattern: topic, data };
          },
        },
      },
    });

    await sendPlain(topic, { value: '{}' });

    const [rejected] = await spans.all(`process ${topic}`, 2);
    expectUnset(rejected!);
    expect(asked).toEqual([[unreadable, topic]]);
  });

  it('is nothing where a delivery is a success: it cannot be raised to a failure', async () => {
    const [topic, handled] = [await freshTopic(), await freshTopic()];
    const asked: unknown[] = [];
    const swallowed = handlerOf(handled, failing(sold));
    UseFilters(SwallowingFilter)(swallowed);
    await startMicroservice({
      tracing: { classifyError: (error) => (asked.push(error), 'error') },
      controllers: [handlerOf(topic), swallowed],
    });

    await sendPlain(topic, { value: '{}' });
    await sendPlain(handled, { value: '{}' });

    expectUnset(await spans.one(`process ${topic}`));
    const process = await spans.one(`process ${handled}`);
    expectUnset(process);
    expect(exceptionsOf(process)).toEqual(['no more of it']);
    expect(asked).toEqual([]);
  });

  it('is nothing where a request has no handler, which is always a failure', async () => {
    const topic = await freshTopic('request', { reply: true });
    const { asked, classifyError } = recordingClassifier();
    const app = await startMicroservice({
      tracing: { classifyError },
      controllers: [answererOf(topic, () => 'done')],
    });
    handlersOf(app).delete(topic);
    const client = await clientOf(app, topic);

    await caught(firstValueFrom(client.send(topic, {})));

    expectFailed(await spans.one(`process ${topic}`), '_OTHER', 'There is no handler for this request.');
    expect(asked).toEqual([]);
    await spans.one(`process ${topic}.reply`);
  });
});

describe('an answer of classifyError that is none', () => {
  const spans = useTracing();

  it.each<[what: string, classifyError: () => unknown]>([
    ['an exception', failing(new Error('no'))],
    ['a promise', async () => 'expected'],
    ['a promise that rejects', async () => failing(new Error('no'))()],
    ['another word', () => 'ignore'],
    ['nothing', () => undefined],
  ])('leaves the failure what it is, and the message its way: %s', async (_what, classifyError) => {
    const tracing = { classifyError: classifyError as Classify };
    const { topic, client } = await answering(failing(sold), { tracing });

    const failure = await caught(firstValueFrom(client.send(topic, {})));

    expect(failure).toEqual({ status: 'error', message: 'Internal server error' });
    expectFailed(await spans.one(`process ${topic}`), 'OutOfStock', 'no more of it');
    await spans.one(`process ${topic}.reply`);
  });
});

function handlersOf(app: object): Map<string, unknown> {
  const { serverInstance } = app as { readonly serverInstance: { getHandlers(): Map<string, unknown> } };
  return serverInstance.getHandlers();
}
