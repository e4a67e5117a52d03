import { ClientsModule } from '@nestjs/microservices';
import { SpanKind } from '@opentelemetry/api';
import { InvalidOptionError, KafkaTracing, TracedClientKafka } from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectChildOf } from '../../support/expectations.js';
import { IdleServer } from '../../support/idle-servers.js';
import { freshTopic, readPlain } from '../../support/kafka.js';
import { kafkaOptions, startMicroservice } from '../../support/nest-app.js';
import { afterTest, inSpan, useTracing } from '../../support/tracing.js';

const options = { ...kafkaOptions('traced'), producerOnlyMode: true };

/** Emits one event and returns the headers that were on the wire. */
async function wireHeadersOf(client: TracedClientKafka): Promise<Record<string, string>> {
  const topic = await freshTopic();
  afterTest(() => client.close());
  await inSpan('caller', () => firstValueFrom(client.emit(topic, { n: 1 }), { defaultValue: undefined }));
  const [message] = await readPlain(topic, 1);
  return Object.fromEntries(
    Object.entries(message?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
}

describe('TracedClientKafka', () => {
  const spans = useTracing();

  it('traces with the defaults where there is no module', async () => {
    const headers = await wireHeadersOf(new TracedClientKafka(options));
    const [send] = spans.finished.filter(({ kind }) => kind === SpanKind.PRODUCER);
    expectChildOf(send!, await spans.one('caller'));
    expect(Object.keys(headers)).toEqual(['traceparent']);
    expect(headers['traceparent']).toContain(send!.spanContext().spanId);
  });

  it('traces with the options of the live module', async () => {
    const client = { name: 'TRACED', customClass: TracedClientKafka, options };
    const app = await startMicroservice({
      tracing: { correlationId: 'of-the-module' },
      imports: [ClientsModule.register([client])],
    });
    expect(await wireHeadersOf(app.get('TRACED'))).toHaveProperty('of-the-module');
  });

  it('traces with options of its own, whatever the module has', async () => {
    await startMicroservice({ tracing: { correlationId: 'of-the-module' } });
    const headers = await wireHeadersOf(new TracedClientKafka(options, { correlationId: 'of-its-own' }));
    expect(Object.keys(headers)).toEqual(['traceparent', 'of-its-own']);
  });

  it('counts the open spans of one with options of its own to its application, or else to the newest', async () => {
    const counted: Record<string, readonly number[]> = {};
    const clientOf = (whose: string) =>
      new TracedClientKafka(options, {
        onSend: () => (counted[whose] = apps.map((app) => app.get(KafkaTracing).diagnose().openSpans)),
      });
    const ofTheOlder = clientOf('older');
    const apps = [
      await startMicroservice({ providers: [{ provide: 'MINE', useValue: ofTheOlder }] }, new IdleServer()),
      await startMicroservice({}, new IdleServer()),
    ];
    await wireHeadersOf(ofTheOlder);
    await wireHeadersOf(clientOf('nobody'));
    expect(counted).toEqual({ older: [1, 0], nobody: [0, 1] });
  });

  it('traces nothing where its own options say so', async () => {
    expect(await wireHeadersOf(new TracedClientKafka(options, { enabled: false }))).toEqual({});
  });

  it('refuses bad options when it is made', () => {
    expect(() => new TracedClientKafka(options, { relation: 'sibling' as never })).toThrow(
      InvalidOptionError,
    );
  });
});
