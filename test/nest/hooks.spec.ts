import type { Span } from '@opentelemetry/api';
import {
  type HandledMessage,
  KafkaTracing,
  KafkaTracingModule,
  type KafkaTracingModuleOptions,
  type SentMessage,
} from 'nestjs-kafka-tracing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { recordReports } from '../support/diag-reports.js';
import { emit, handlerOf } from '../support/events.js';
import { freshTopic, sendPlain } from '../support/kafka.js';
import { clientOf, startContext, startMicroservice } from '../support/nest-app.js';
import { answering } from '../support/requests.js';
import { remoteSpan, traceparent, traceparentOf } from '../support/trace-context.js';
import { consume, tracedKafka } from '../support/traced-kafka.js';
import { useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

/** Hooks that keep what they are given, and add an attribute each. */
class RecordingHooks implements Pick<KafkaTracingModuleOptions, 'onSend' | 'onProcess'> {
  readonly sent: SentMessage[] = [];
  readonly handled: HandledMessage[] = [];
  /** The span of each call, in their order. */
  readonly calls: (readonly ['onSend' | 'onProcess', spanId: string])[] = [];

  readonly onSend = (span: Span, sent: SentMessage): void => {
    this.sent.push(sent);
    this.calls.push(['onSend', span.spanContext().spanId]);
    span.setAttribute('sent.value', String(sent.message.value));
  };

  readonly onProcess = (span: Span, handled: HandledMessage): void => {
    this.handled.push(handled);
    this.calls.push(['onProcess', span.spanContext().spanId]);
    span.setAttribute('handled.value', String(handled.message.value));
  };
}

describe('onSend and onProcess', () => {
  const spans = useTracing();

  it('are given the span and the message of an event, as kafkajs has it, and may add attributes', async () => {
    const topic = await freshTopic('orders', { partitions: 2 });
    const hooks = new RecordingHooks();
    const { onSend, onProcess } = hooks;
    let whenHandled: unknown;
    const app = await startMicroservice({
      tracing: { onSend, onProcess },
      controllers: [handlerOf(topic, () => void (whenHandled = [...hooks.calls]))],
    });
    const event = { key: 'k', value: { n: 1 }, headers: { 'x-tenant': 'a' }, partition: 1 };

    await emit(await clientOf(app), topic, { ...event }); // Nest's serializer changes what it is given.

    const send = await spans.one(`send ${topic}`);
    const process = await spans.one(`process ${topic}`);
    expect(hooks.sent).toEqual([{ topic, message: { ...event, value: '{"n":1}' } }]);
    const message = {
      key: Buffer.from('k'),
      value: Buffer.from('{"n":1}'),
      headers: { 'x-tenant': Buffer.from('a'), traceparent: Buffer.from(traceparentOf(send)) },
      offset: '0',
      timestamp: expect.stringMatching(/^\d{13}$/),
    };
    expect(hooks.handled).toEqual([{ topic, partition: 1, message: expect.objectContaining(message) }]);
    expect(send.attributes).toMatchObject({ 'sent.value': '{"n":1}' });
    expect(process.attributes).toMatchObject({ 'handled.value': '{"n":1}' });
    const [sentIn, handledIn] = [send.spanContext().spanId, process.spanContext().spanId];
    expect(whenHandled).toEqual([
      ['onSend', sentIn],
      ['onProcess', handledIn],
    ]);
    expect(hooks.calls).toEqual(whenHandled);
  });

  it('are called for a request and for its reply, and not for the span that waits for it', async () => {
    const hooks = new RecordingHooks();
    const { onSend, onProcess } = hooks;
    const { topic, client } = await answering(() => 'done', { tracing: { onSend, onProcess } });

    await firstValueFrom(client.send(topic, 'work'));

    const request = await spans.one(`request ${topic}`);
    expect(Object.keys(request.attributes).filter((name) => name.endsWith('.value'))).toEqual([]);
    const reply = `${topic}.reply`;
    const named = [`send ${topic}`, `process ${topic}`, `send ${reply}`, `process ${reply}`];
    const [send, process, sendReply, processReply] = await Promise.all(named.map((name) => spans.one(name)));
    expect(send?.attributes).toMatchObject({ 'sent.value': 'work' });
    expect(process?.attributes).toMatchObject({ 'handled.value': 'work' });
    expect(sendReply?.attributes).toMatchObject({ 'sent.value': 'done' });
    expect(processReply?.attributes).toMatchObject({ 'handled.value': 'done' });
    expect(hooks.sent.map((sent) => sent.topic)).toEqual([topic, reply]);
    expect(hooks.handled.map((handled) => handled.topic)).toEqual([topic, reply]);
  });

  it('are called for each message of a batch that is sent, and not for the batch', async () => {
    const topic = await freshTopic();
    const hooks = new RecordingHooks();
    const { onSend, onProcess } = hooks;
    const app = await startMicroservice({
      tracing: { onSend, onProcess },
      controllers: [handlerOf(topic)],
    });

    const messages = [{ key: 'k', value: 'a' }, { value: 'b' }];
    await firstValueFrom((await clientOf(app)).emitBatch(topic, { messages }));

    const processes = await spans.all(`process ${topic}`, 2);
    const creates = await spans.all(`create ${topic}`, 2);
    expect(hooks.sent).toEqual([
      { topic, message: { key: 'k', value: 'a', headers: {} } },
      { topic, message: { value: 'b', headers: {} } },
    ]);
    expect(creates.map(({ attributes }) => attributes['sent.value'])).toEqual(['a', 'b']);
    expect(processes.map(({ attributes }) => attributes['handled.value'])).toEqual(['a', 'b']);
    expect((await spans.one(`send ${topic}`)).attributes).not.toHaveProperty('sent.value');
  });

  it.each<KafkaTracingModuleOptions>([{ batch: 'single' }, { maxCreateSpans: 1 }])(
    'are called for no message that has no span of its own: %j',
    async (options) => {
      const topic = await freshTopic();
      const hooks = new RecordingHooks();
      const { onSend } = hooks;
      const app = await startMicroservice({ tracing: { onSend, ...options } });

      const messages = [{ value: 'a' }, { value: 'b' }];
      await firstValueFrom((await clientOf(app)).emitBatch(topic, { messages }));

      await spans.one(`send ${topic}`);
      expect(hooks.sent).toEqual([]);
    },
  );

  it('are called for a message of a batch that is handled by itself', async () => {
    const topic = await freshTopic();
    const hooks = new RecordingHooks();
    const { onProcess } = hooks;
    const app = await startContext({ imports: [KafkaTracingModule.forRoot()] });
    await consume(tracedKafka({ onProcess }), topic, {
      eachBatch: async ({ batch }) => {
        expect(hooks.calls).toEqual([]);
        batch.messages.forEach((message) => app.get(KafkaTracing).runInContextOf(message, () => {}));
      },
    });

    await sendPlain(topic, { value: 'a', headers: { traceparent: traceparent(1) } });

    const [process, batch] = await spans.all(`process ${topic}`, 2);
    expect(process?.parentSpanContext?.spanId).toBe(remoteSpan(1).spanId);
    expect(process?.attributes).toMatchObject({ 'handled.value': 'a' });
    expect(batch?.attributes).not.toHaveProperty('handled.value');
    expect(hooks.handled).toHaveLength(1);
  });

  it('are not called where there are no spans', async () => {
    const [topic, handled] = [await freshTopic(), await freshTopic()];
    const hooks = new RecordingHooks();
    const { onSend, onProcess } = hooks;
    let isHandled = false;
    const app = await startMicroservice({
      tracing: { trace: false, onSend, onProcess },
      controllers: [handlerOf(handled, () => void (isHandled = true))],
    });
    await emit(await clientOf(app), topic, {});
    await sendPlain(handled, { value: '{}' });
    await until('the event is handled', () => isHandled);
    expect(hooks.calls).toEqual([]);
  });

  it('may throw and reject: messages go their way, and it is reported once for each', async () => {
    const reports = recordReports();
    const tracing = { onSend: throwing, onProcess: () => Promise.reject(new Error('no')) as never };
    const { topic, client } = await answering((data) => `${data}!`, { tracing });

    expect(await firstValueFrom(client.send(topic, 'work'))).toBe('work!');

    await spans.one(`process ${topic}.reply`);
    await until('both are reported', () => reports.length >= 2);
    expect(reports.map((report) => /call on\w+/.exec(report)?.[0])).toEqual([
      'call onSend',
      'call onProcess',
    ]);
  });
});

function throwing(): never {
  throw new Error('no');
}
