import { Controller } from '@nestjs/common';
import { TracedEvent } from 'nestjs-kafka-tracing';
import { of } from 'rxjs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { emit } from '../support/events.js';
import { exceptionsOf, expectFailed } from '../support/expectations.js';
import { freshTopic } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

describe('two handlers of one topic', () => {
  const spans = useTracing();

  it('fail with the exception of the first that failed, also where the other one fails after it', async () => {
    const topic = await freshTopic();
    const calls = { first: 0, second: 0 };
    @Controller()
    class First {
      @TracedEvent(topic)
      async handle(): Promise<void> {
        calls.first += 1;
        if (calls.first === 1) throw new TypeError('of the first');
      }
    }
    @Controller()
    class Second {
      @TracedEvent(topic)
      async handle(): Promise<void> {
        calls.second += 1;
        if (calls.second === 1) throw new RangeError('of the second');
      }
    }
    const app = await startMicroservice({
      controllers: [First, Second],
      tracing: { classifyError: (error) => (error instanceof RangeError ? 'expected' : 'error') },
    });
    await emit(await clientOf(app), topic, 'v');

    const [failed] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, 'TypeError', 'of the first');
    expect(exceptionsOf(failed!)).toHaveLength(1);
  });

  it('leave no step open where one fails before the other has returned its stream', async () => {
    const topic = await freshTopic();
    const calls = { first: 0, second: 0 };
    @Controller()
    class First {
      @TracedEvent(topic)
      handle(): void {
        calls.first += 1;
        if (calls.first === 1) throw new Error('no');
      }
    }
    @Controller()
    class Second {
      @TracedEvent(topic, { span: 'step' })
      async handle(): Promise<unknown> {
        calls.second += 1;
        await pause(30);
        return of(1);
      }
    }
    const app = await startMicroservice({ controllers: [First, Second] });
    await emit(await clientOf(app), topic, 'v');

    await spans.all(`process ${topic}`, 2);
    await spans.all('step', 2);
    expect(spans.open).toEqual([]);
  });

  it('have a step each where both inherit one method', async () => {
    const topic = await freshTopic();
    let handled = 0;
    class Base {
      @TracedEvent(topic, { span: 'step' })
      async handle(): Promise<void> {
        await pause(10);
        handled += 1;
      }
    }
    @Controller()
    class First extends Base {}
    @Controller()
    class Second extends Base {}
    const app = await startMicroservice({ controllers: [First, Second] });
    await emit(await clientOf(app), topic, 'v');

    await until('both have handled it', () => handled === 2);
    await spans.all('step', 2);
    await spans.one(`process ${topic}`);
  });
});
