import { ClientKafka, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { TracedClientKafka } from 'nestjs-kafka-tracing';
import { firstValueFrom, lastValueFrom, of, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectChildOf, expectFailed, expectUnset } from '../../support/expectations.js';
import { freshTopic } from '../../support/kafka.js';
import { type AppSetup, kafkaOptions, startMicroservice } from '../../support/nest-app.js';
import {
  type Handle,
  answererOf,
  answering,
  caught,
  fail,
  inCaller,
  pendingOf,
  whereIAm,
} from '../../support/requests.js';
import { afterTest, inSpan, useTracing } from '../../support/tracing.js';

describe('a request of another client', () => {
  const spans = useTracing();

  class Counting extends ClientKafka {
    published = 0;

    protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => unknown): () => void {
      this.published += 1;
      return super.publish(packet, callback);
    }
  }

  class Forgetful extends ClientKafka {
    // As an own property, and it does not say how to give a request up.
    protected override publish = (packet: ReadPacket, callback: (packet: WritePacket) => void): never =>
      void super.publish(packet, callback) as never;
  }

  class Refusing extends ClientKafka {
    protected override publish(): never {
      throw new RangeError('not today');
    }
  }

  it('is traced where a subclass has a publish of its own', async () => {
    const { topic, client } = await own(Counting, () => 'done');

    await inSpan('caller', () => firstValueFrom(client.send(topic, {})));

    expect(client.published).toBe(1);
    expectChildOf(await spans.one(`request ${topic}`), await spans.one('caller'));
    await spans.one(`process ${topic}.reply`);
  });

  it('is traced where publish is a field, and does not say how to give up', async () => {
    const { topic, client } = await own(Forgetful, () => 'done');

    expect(await inSpan('caller', () => firstValueFrom(client.send(topic, {})))).toBe('done');

    expectChildOf(await spans.one(`request ${topic}`), await spans.one('caller'));
    await spans.one(`process ${topic}.reply`);
  });

  it('is a failure where publish throws', async () => {
    const { topic, client } = await own(Refusing, () => 'done');
    await expect(firstValueFrom(client.send(topic, {}))).rejects.toThrow(new RangeError('not today'));
    expectFailed(await spans.one(`request ${topic}`), 'RangeError', 'not today');
  });

  it('has one span also after the client was connected anew', async () => {
    const { topic, client } = await answering(() => 'done');
    await client.close();
    await client.connect();

    await inSpan('caller', () => firstValueFrom(client.send(topic, {})));

    await spans.one(`request ${topic}`);
    await spans.one(`process ${topic}.reply`);
  });

  it('is traced by a TracedClientKafka without the module', async () => {
    const topic = await freshTopic('request', { reply: true });
    let seen: unknown;
    let expected: unknown;
    await startMicroservice({ tracing: false, controllers: [answererOf(topic, () => 'done')] });
    const client = new TracedClientKafka(kafkaOptions('traced'));
    afterTest(() => client.close());
    client.subscribeToResponseOf(topic);

    await inCaller('caller', () => {
      expected = whereIAm();
      return firstValueFrom(client.send(topic, {}).pipe(tap(() => (seen = whereIAm()))));
    });

    expect(seen).toEqual(expected);
    const request = await spans.one(`request ${topic}`);
    expectChildOf(request, await spans.one('caller'));
    expectUnset(request);
    expectChildOf(await spans.one(`send ${topic}`), request);
    await spans.one(`process ${topic}.reply`);
  });
});

describe('a request with and without tracing', () => {
  useTracing();

  it('has the same replies and the same errors, and leaves what it was given as it was', async () => {
    const [traced, plain] = [await outcomesOf({}), await outcomesOf(false)];
    expect(traced).toEqual(plain);
    expect(traced).toEqual({
      value: 'ok',
      values: ['a', 'b'],
      error: { status: 'error', message: 'Internal server error' },
      unsent: 'InvalidKafkaClientTopicException',
      given: ['k', '"stream"', ['kafka_correlationId', 'kafka_replyTopic', 'kafka_replyPartition']],
      pending: 0,
    });
  });
});

async function own<T extends ClientKafka>(Client: new (options: object) => T, handle: Handle) {
  const topic = await freshTopic('request', { reply: true });
  const client = new Client(kafkaOptions('own'));
  const providers = [{ provide: 'OWN', useValue: client }];
  afterTest(() => client.close());
  await startMicroservice({ providers, controllers: [answererOf(topic, handle)] });
  client.subscribeToResponseOf(topic);
  await client.connect();
  return { topic, client };
}

async function outcomesOf(tracing: NonNullable<AppSetup['tracing']>) {
  const answers: Readonly<Record<string, unknown>> = { ok: 'ok', '"stream"': of('a', 'b') };
  const { topic, client } = await answering((data) => answers[data] ?? fail(), { tracing });
  const given = { key: 'k', value: '"stream"', headers: {} };
  return {
    value: await firstValueFrom(client.send(topic, 'ok')),
    values: await lastValueFrom(client.send(topic, given).pipe(toArray())),
    error: await caught(firstValueFrom(client.send(topic, 'fail'))),
    unsent: await firstValueFrom(client.send('another', 'ok')).catch((error) => error.constructor.name),
    given: [given.key, given.value, Object.keys(given.headers)],
    pending: pendingOf(client),
  };
}
