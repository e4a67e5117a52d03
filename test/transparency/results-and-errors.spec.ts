import { type ArgumentsHost, Catch, Controller, type ExceptionFilter, UseFilters } from '@nestjs/common';
import { ClientKafka, EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { Kafka } from 'kafkajs';
import { Observable, concat, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Twin, useApplicationPair } from '../support/application-pair.js';
import { clientConfig } from '../support/kafka.js';
import { startContext } from '../support/nest-app.js';
import { notificationsOf } from '../support/notifications.js';
import { afterTest, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

class OrderError extends Error {}

const ANSWERS: Readonly<Record<string, () => unknown>> = {
  'a value': () => 'answered',
  'an object': () => ({ n: 1, list: [null, 'a'] }),
  null: () => null,
  'a promise': async () => 'later',
  'a stream of three': () => of('1', '2', '3'),
  'an empty stream': () => of(),
  'a stream that fails after two': () =>
    concat(
      of('1', '2'),
      throwError(() => new RpcException('then')),
    ),
  'an exception for the caller': () => {
    throw new RpcException({ code: 7, reason: 'refused' });
  },
  'an error of its own': () => {
    throw new OrderError('for nobody else');
  },
  'a rejection': async () => Promise.reject(new RpcException('rejected')),
};

/** What was thrown by handlers, and what filters caught, in both applications. */
const [thrown, caught]: [unknown[], unknown[]] = [[], []];

@Catch(OrderError)
class OrderFilter implements ExceptionFilter {
  catch(exception: unknown, _host: ArgumentsHost): Observable<unknown> {
    caught.push(exception);
    return of('filtered');
  }
}

function controllerOf(topicOf: Twin['topicOf']): new () => object {
  @Controller()
  class Orders {
    @MessagePattern<string>(topicOf('answers'))
    answer(which: string): unknown {
      return ANSWERS[which]?.();
    }

    @UseFilters(OrderFilter)
    @EventPattern<string>(topicOf('events'))
    handle(): void {
      const error = new OrderError('identity');
      thrown.push(error);
      throw error;
    }

    @UseFilters(OrderFilter)
    @MessagePattern<string>(topicOf('filtered'))
    async answerFiltered(): Promise<void> {
      const error = new OrderError('identity');
      thrown.push(error);
      throw error;
    }
  }
  return Orders;
}

describe('results and errors are as without the module:', () => {
  const pair = useApplicationPair({
    topics: { events: 1, unhandled: 1 },
    requests: ['answers', 'filtered'],
    metadata: (topicOf) => ({ controllers: [controllerOf(topicOf)] }),
  });

  it.each(Object.keys(ANSWERS))(
    'what `send` emits, and how it ends, where the answer is %s',
    async (which) => {
      const [without, traced] = await pair().both(({ client, topicOf }) =>
        notificationsOf(client.send(topicOf('answers'), which)),
      );
      expect(traced).toEqual(without);
      expect(without.length).toBeGreaterThan(0);
    },
  );

  it('what `emit` emits, and how it ends', async () => {
    const [without, traced] = await pair().both(async ({ client, topicOf }) => {
      const told = await notificationsOf(client.emit(topicOf('unhandled'), 'v'));
      return JSON.parse(JSON.stringify(told).replaceAll(topicOf('unhandled'), 'unhandled')) as unknown;
    });
    expect(traced).toEqual(without);
    expect(without).toEqual([
      { next: [expect.objectContaining({ topicName: 'unhandled', errorCode: 0 })] },
      'complete',
    ]);
  });

  it.each(['events', 'filtered'])(
    'the error that a filter catches is the one that the handler of `%s` threw',
    async (topic) => {
      [thrown, caught].forEach((seen) => seen.splice(0));
      await pair().both(({ client, topicOf }) =>
        notificationsOf(
          topic === 'events' ? client.emit(topicOf(topic), 'v') : client.send(topicOf(topic), 'v'),
        ),
      );
      await until('both were caught', () => caught.length >= 2);
      expect(caught).toHaveLength(2);
      caught.forEach((error) => expect(thrown).toContain(error)); // By identity.
      expect(new Set(caught).size).toBe(2);
    },
  );
});

describe('an error of the driver', () => {
  const spans = useTracing();

  it.each([
    [
      'rejects with',
      async (error: unknown) => {
        throw error;
      },
    ],
    [
      'throws before it returns a promise',
      (error: unknown) => {
        throw error;
      },
    ],
  ])('is the very object that the driver %s', async (_how, fail) => {
    const error = Object.freeze(new OrderError('of the driver'));
    const { KafkaTracingModule } = await import('nestjs-kafka-tracing');
    const seen: unknown[][] = [];
    for (const imports of [[], [KafkaTracingModule.forRoot()]]) {
      const provider = { provide: 'FAILING', useFactory: () => new FailingClient(() => fail(error)) };
      const app = await startContext({ imports, providers: [provider] });
      const client = app.get<FailingClient>('FAILING');
      afterTest(() => client.close());
      seen.push([...(await notificationsOf(client.emit('any', 'v')))]);
      await app.close();
    }
    expect(seen).toEqual([[{ error }], [{ error }]]);
    expect(spans.named('send any'), 'the one that was traced').toHaveLength(1);
    seen.forEach(([told]) => expect((told as { readonly error: unknown }).error).toBe(error));
  });
});

/** A client whose driver fails as it is told to: a broker cannot be told to. */
class FailingClient extends ClientKafka {
  constructor(private readonly failingSend: () => Promise<never>) {
    super({ client: clientConfig('failing'), producerOnlyMode: true });
  }

  override async createClient<T = Kafka>(): Promise<T> {
    const kafka = new Kafka(clientConfig('failing'));
    const make = kafka.producer.bind(kafka);
    kafka.producer = (config) => Object.assign(make(config), { send: this.failingSend });
    return kafka as T;
  }
}
