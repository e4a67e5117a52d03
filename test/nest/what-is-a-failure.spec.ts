import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Injectable,
  type PipeTransform,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import {
  EventPattern,
  KafkaRetriableException,
  MessagePattern,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import { firstValueFrom, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { exceptionsOf, expectFailed, expectUnset } from '../support/expectations.js';
import { freshTopic, sendPlain } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { useTracing } from '../support/tracing.js';

class OutOfStock extends Error {
  override readonly name = 'OutOfStock';
}

class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class FailingPipe implements PipeTransform {
  transform(): never {
    throw new OutOfStock('the pipe failed');
  }
}

@Catch(OutOfStock)
class SwallowingFilter implements ExceptionFilter {
  catch(_error: OutOfStock, _host: ArgumentsHost) {
    return of('handled');
  }
}

@Catch(OutOfStock)
class RewordingFilter implements ExceptionFilter {
  catch(_error: OutOfStock, _host: ArgumentsHost) {
    return throwError(() => new RpcException('reworded'));
  }
}

describe('what is a failure', () => {
  const spans = useTracing();

  it('is an event handler that throws: the original exception, once for each delivery', async () => {
    const topic = await freshTopic();
    let deliveries = 0;
    @Controller()
    class Orders {
      @EventPattern<string>(topic)
      handle(): void {
        deliveries += 1;
        if (deliveries === 1) {
          throw new OutOfStock('no more of it');
        }
      }
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}' });

    const [failed, redelivered] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, 'OutOfStock', 'no more of it');
    expect(exceptionsOf(failed!)).toEqual(['no more of it']);
    expectUnset(redelivered!);
    expect(exceptionsOf(redelivered!)).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new OutOfStock('no more of it');
      },
    ],
    ['rejects', () => Promise.reject(new OutOfStock('no more of it'))],
    ['returns a failing stream', () => throwError(() => new OutOfStock('no more of it'))],
  ])('is a request handler that %s, although kafkajs sees a success', async (_how, fail: () => unknown) => {
    const topic = await freshTopic('request', { reply: true });
    @Controller()
    class Orders {
      @MessagePattern<string>(topic)
      handle(): unknown {
        return fail();
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    await expect(firstValueFrom(client.send(topic, {}))).rejects.toEqual(expect.anything());

    const process = await spans.one(`process ${topic}`);
    expectFailed(process, 'OutOfStock', 'no more of it');
    expect(exceptionsOf(process)).toEqual(['no more of it']);
  });

  it('is a retriable exception of a request handler, which kafkajs sees', async () => {
    const topic = await freshTopic('request', { reply: true });
    let deliveries = 0;
    @Controller()
    class Orders {
      @MessagePattern<string>(topic)
      handle(): string {
        deliveries += 1;
        if (deliveries === 1) {
          throw new KafkaRetriableException('try again');
        }
        return 'done';
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    expect(await firstValueFrom(client.send(topic, {}))).toBe('done');

    const [failed, redelivered] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, 'Error', 'try again'); // Nest leaves the name of its RpcExceptions as it is.
    expectUnset(redelivered!);
  });

  it('is a request that has no handler', async () => {
    const topic = await freshTopic('request', { reply: true });
    @Controller()
    class Others {
      @MessagePattern<string>(topic)
      handle(): void {}
    }
    const app = await startMicroservice({ controllers: [Others] });
    serverOf(app).getHandlers().delete(topic);
    const client = await clientOf(app, topic);

    await expect(firstValueFrom(client.send(topic, {}))).rejects.toContain('no matching message handler');

    const process = await spans.one(`process ${topic}`);
    expectFailed(process, '_OTHER', 'There is no handler for this request.');
    expect(process.attributes['nestjs.kafka.handler.missing']).toBe(true);
  });

  it('is a request that a guard refused, with the words that are left of it', async () => {
    const topic = await freshTopic('request', { reply: true });
    @Controller()
    class Orders {
      @UseGuards(RefusingGuard)
      @MessagePattern<string>(topic)
      handle(): void {}
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    await expect(firstValueFrom(client.send(topic, {}))).rejects.toMatchObject({
      message: 'Forbidden resource',
    });

    const process = await spans.one(`process ${topic}`);
    expectFailed(process, '_OTHER', 'Forbidden resource');
    expect(exceptionsOf(process)).toEqual(['Forbidden resource']);
  });

  it('is an event that a guard refused', async () => {
    const topic = await freshTopic();
    let refused = 0;
    class Guard implements CanActivate {
      canActivate(): boolean {
        refused += 1;
        return refused > 1;
      }
    }
    @Controller()
    class Orders {
      @UseGuards(Guard)
      @EventPattern<string>(topic)
      handle(): void {}
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}' });

    const [failed] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, '_OTHER', 'Forbidden resource');
  });

  it('is a pipe that fails: its own exception', async () => {
    const topic = await freshTopic('request', { reply: true });
    @Controller()
    class Orders {
      @MessagePattern<string>(topic)
      handle(@Payload(FailingPipe) _order: unknown): void {}
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    await expect(firstValueFrom(client.send(topic, {}))).rejects.toBeDefined();

    const process = await spans.one(`process ${topic}`);
    expectFailed(process, 'OutOfStock', 'the pipe failed');
    expect(exceptionsOf(process)).toEqual(['the pipe failed']);
  });

  it('keeps the original exception where a filter rewords it', async () => {
    const topic = await freshTopic('request', { reply: true });
    @Controller()
    class Orders {
      @UseFilters(RewordingFilter)
      @MessagePattern<string>(topic)
      handle(): void {
        throw new OutOfStock('no more of it');
      }
    }
    const client = await clientOf(await startMicroservice({ controllers: [Orders] }), topic);

    await expect(firstValueFrom(client.send(topic, {}))).rejects.toBeDefined();

    const process = await spans.one(`process ${topic}`);
    expectFailed(process, 'OutOfStock', 'no more of it');
    expect(exceptionsOf(process)).toEqual(['no more of it']);
  });

  it('is not an exception that a filter turned into success, which is recorded all the same', async () => {
    const topic = await freshTopic();
    @Controller()
    class Orders {
      @UseFilters(SwallowingFilter)
      @EventPattern<string>(topic)
      handle(): void {
        throw new OutOfStock('no more of it');
      }
    }
    await startMicroservice({ controllers: [Orders] });

    await sendPlain(topic, { value: '{}' });

    const process = await spans.one(`process ${topic}`);
    expectUnset(process);
    expect(process.attributes).not.toHaveProperty('error.type');
    expect(exceptionsOf(process)).toEqual(['no more of it']);
  });

  it('is not an event that has no handler, which counts as handled', async () => {
    const topic = await freshTopic();
    @Controller()
    class Others {
      @EventPattern<string>(topic)
      handle(): void {}
    }
    const app = await startMicroservice({ controllers: [Others] });
    serverOf(app).getHandlers().delete(topic);

    await sendPlain(topic, { value: '{}' });

    const process = await spans.one(`process ${topic}`);
    expectUnset(process);
    expect(process.attributes['nestjs.kafka.handler.missing']).toBe(true);
  });

  it('is a value that cannot be deserialised', async () => {
    const topic = await freshTopic();
    let calls = 0;
    @Controller()
    class Orders {
      @EventPattern<string>(topic)
      handle(): void {}
    }
    await startMicroservice({
      controllers: [Orders],
      server: {
        deserializer: {
          deserialize: (message: { topic: string }) => {
            calls += 1;
            if (calls === 1) {
              throw new Unreadable('not what was expected');
            }
            return { pattern: message.topic, data: message };
          },
        },
      },
    });

    await sendPlain(topic, { value: '{}' });

    const [failed] = await spans.all(`process ${topic}`, 2);
    expectFailed(failed!, 'Unreadable', 'not what was expected');
  });
});

function serverOf(app: Awaited<ReturnType<typeof startMicroservice>>): {
  getHandlers(): Map<string, unknown>;
} {
  return (app as unknown as { serverInstance: { getHandlers(): Map<string, unknown> } }).serverInstance;
}
