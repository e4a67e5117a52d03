import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { exceptionsOf, expectChildOf, expectFailed } from '../../support/expectations.js';
import { freshTopic } from '../../support/kafka.js';
import { clientOf, startMicroservice } from '../../support/nest-app.js';
import { caught, pendingOf, unanswered } from '../../support/requests.js';
import { inSpan, useTracing } from '../../support/tracing.js';

describe('a request that cannot be sent', () => {
  const spans = useTracing();

  it('is a failure where the client waits for no reply to it', async () => {
    const topic = await freshTopic('request', { reply: true });
    const client = await clientOf(await startMicroservice({}));

    const failure = await inSpan('caller', () => caught(firstValueFrom(client.send(topic, {}))));

    expect(failure).toMatchObject({ message: expect.stringContaining('did not subscribe') });
    const request = await spans.one(`request ${topic}`);
    expectChildOf(request, await spans.one('caller'));
    expectFailed(request, 'Error', (failure as Error).message);
    expect(exceptionsOf(request)).toEqual([(failure as Error).message]);
    expect(request.attributes['messaging.message.conversation_id']).toEqual(expect.any(String));
    expect(spans.named(`send ${topic}`)).toEqual([]);
  });

  it('is a failure where the producer is closed', async () => {
    const { topic, client } = await unanswered();
    await (client as unknown as { producer: { disconnect(): Promise<void> } }).producer.disconnect();

    const failure = await caught(firstValueFrom(client.send(topic, {})));

    expect(failure).toMatchObject({ message: 'The producer is disconnected' });
    expectFailed(await spans.one(`request ${topic}`), 'KafkaJSError', 'The producer is disconnected');
    expectFailed(await spans.one(`send ${topic}`), 'KafkaJSError', 'The producer is disconnected');
    expect(pendingOf(client)).toBe(0);
  });

  it('is a failure where its payload cannot be serialised', async () => {
    const { topic, client } = await unanswered();
    const frozen = Object.freeze({ key: 'k', value: { n: 1 } });

    await expect(firstValueFrom(client.send(topic, frozen))).rejects.toBeInstanceOf(TypeError);

    const request = await spans.one(`request ${topic}`);
    expect(request.attributes['error.type']).toBe('TypeError');
    expect(request.attributes['messaging.message.conversation_id']).toEqual(expect.any(String));
  });

  it('is a failure where the client is closed while it waits', async () => {
    const { topic, client } = await unanswered();

    const failures = Promise.all(
      ['one', 'two'].map((name) => inSpan(name, () => caught(firstValueFrom(client.send(topic, name))))),
    );
    await spans.all(`send ${topic}`, 2);
    await client.close();

    expect(await failures).toEqual([new Error('Connection closed'), new Error('Connection closed')]);
    for (const request of await spans.all(`request ${topic}`, 2)) {
      expectFailed(request, 'Error', 'Connection closed');
    }
  });
});
