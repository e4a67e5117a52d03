import { Controller } from '@nestjs/common';
import { type ClientKafka, MessagePattern } from '@nestjs/microservices';
import { SpanKind } from '@opentelemetry/api';
import { KafkaTracing, TracedEvent } from 'nestjs-kafka-tracing';
import type { RecordedSpan } from 'nestjs-kafka-tracing/testing';
import { readFile } from 'node:fs/promises';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectChildOf, expectLinkedTo, expectRoot } from '../support/expectations.js';
import { connected, freshName, freshTopic } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { remoteSpan, traceparent } from '../support/trace-context.js';
import { consume, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';

interface Row {
  readonly name: string;
  readonly when: string;
  readonly kind: string;
  readonly attributes: readonly string[];
}

const readme = await readFile('README.md', 'utf8');
const rows = tableBelow('## Spans').map(([name = '', when = '', kind = '', , , attributes = '']): Row => {
  const patterns = [...attributes.matchAll(/`([\w.*]+)`/g)].map(([, pattern]) => pattern ?? '');
  return { name, when, kind, attributes: patterns };
});
const named = tableBelow('## Attributes').flatMap(([current = '', former = '']) =>
  [...`${current} ${former}`.matchAll(/`([a-z][\w.<>]+)`/g)].map(([, name]) => name ?? ''),
);

// "All but the step …" have these, as the README says below its table.
const OF_ALL = ['messaging.system.name', 'messaging.client.id', 'server.address', 'server.port'];

describe("README's table of spans", () => {
  const spans = useTracing();

  it('has a row for each span that is tested here', () => {
    expect(rows).toHaveLength(12);
  });

  it('tells of one message, sent and handled', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest' });
    await consume(tracedKafka({ semconv: 'latest' }), topic, async () => {});
    await inSpan('caller', () => producer.send({ topic, messages: [{ key: 'k', value: null }] }));
    const send = await spans.one(`send ${topic}`);
    expectRow('one message is sent', send);
    expectChildOf(send, await spans.one('caller'));
    const process = await spans.one(`process ${topic}`);
    expectRow('a message is handled', process);
    expectChildOf(process, send);
    expectLinkedTo(process, send);
  });

  it('tells of a message that carries a context already', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest' });
    const headers = { traceparent: traceparent(1) };
    await producer.send({ topic, messages: [{ key: 'k', value: null, headers }] });
    const send = await spans.one(`send ${topic}`);
    expectRow('… and it carries a context', send);
    expect(send.parentSpanContext?.spanId).toBe(remoteSpan(1).spanId);
    expect(send.links.map(({ context }) => context.spanId)).toEqual([remoteSpan(1).spanId]);
  });

  it('tells of several messages, sent and handled together', async () => {
    const [topic, other] = [await freshTopic(), await freshTopic()];
    const producer = await tracedProducer({ semconv: 'latest' });
    const messages = ['1', '2'].map((key) => ({ key, value: null }));
    await inSpan('caller', () => producer.send({ topic, messages }));
    const [create, secondCreate] = (await spans.all(`create ${topic}`, 2)) as [RecordedSpan, RecordedSpan];
    const send = await spans.one(`send ${topic}`);
    expectRow('each of several messages', create);
    expectRow('… and the send itself', send);
    expectChildOf(create, await spans.one('caller'));
    expectChildOf(send, await spans.one('caller'));
    expectLinkedTo(send, create, secondCreate);
    await producer.sendBatch({
      topicMessages: [
        { topic, messages },
        { topic: other, messages },
      ],
    });
    const { attributes } = await spans.one('send');
    expect(attributes['messaging.batch.message_count']).toBe(4);
    expect(attributes).not.toHaveProperty('messaging.destination.name');
  });

  it('tells of several messages with one span', async () => {
    const topic = await freshTopic();
    const producer = await tracedProducer({ semconv: 'latest', batch: 'single' });
    await producer.send({ topic, messages: [{ value: '1' }, { value: '2' }] });
    expectRow("… with `batch: 'single'`", await spans.one(`send ${topic}`));
  });

  it('tells of a step, and of a request with its reply', async () => {
    const [topic, asked] = [await freshTopic(), await freshTopic('sum', { reply: true })];
    @Controller()
    class Orders {
      @TracedEvent(topic, { span: 'step', attributes: () => ({ 'order.id': '1' }) })
      handle(): void {}

      @MessagePattern<string>(asked)
      answer(): number {
        return 1;
      }
    }
    const app = await startMicroservice({ controllers: [Orders], tracing: { semconv: 'latest' } });
    const client: ClientKafka = await clientOf(app, asked);
    await firstValueFrom(client.emit(topic, { id: '1' }));
    const step = await spans.one('step');
    expect([SpanKind[step.kind], step.attributes]).toEqual(['INTERNAL', { 'order.id': '1' }]);
    expectChildOf(step, await spans.one(`process ${topic}`));
    await inSpan('caller', () => firstValueFrom(client.send(asked, {})));
    const request = await spans.one(`request ${asked}`);
    expectRow('`ClientKafka.send`', request);
    expectChildOf(request, await spans.one('caller'));
    expectChildOf(await spans.one(`send ${asked}`), request);
    await spans.one(`process ${asked}.reply`);
  });

  it('tells of a batch that is handled, and of a message of it', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({ tracing: { semconv: 'latest' } });
    const tracing = app.get(KafkaTracing);
    const producer = await tracedProducer({ semconv: 'latest' });
    await consume(tracedKafka({ semconv: 'latest' }), topic, {
      eachBatch: async ({ batch }) =>
        batch.messages.forEach((message) => tracing.runInContextOf(message, () => {})),
    });
    await producer.send({ topic, messages: [{ key: 'k', value: null }] });
    const send = await spans.one(`send ${topic}`);
    const [message, batch] = (await spans.all(`process ${topic}`, 2)) as [RecordedSpan, RecordedSpan];
    expectRow('a batch is handled', batch);
    expectRoot(batch);
    expectLinkedTo(batch, send);
    expectRow('… and a message of it', message);
    expectChildOf(message, send);
    expectLinkedTo(message, send, batch);
  });

  it('tells of a transaction', async () => {
    const topic = await freshTopic();
    const kafka = tracedKafka({ semconv: 'latest' });
    const transactionalId = freshName('tx');
    const producer = await connected(
      kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 }),
    );
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'v' }] });
    const topics = [{ topic, partitions: [{ partition: 0, offset: '0' }] }];
    await transaction.sendOffsets({ consumerGroupId: freshName('group'), topics });
    await transaction.commit();
    const span = await spans.one('transaction');
    expectRow('from `producer.transaction()`', span);
    const offsets = await spans.one(`send_offsets ${topic}`);
    expectRow('`transaction.sendOffsets`', offsets);
    expectChildOf(offsets, span);
    expectChildOf(await spans.one(`send ${topic}`), span);
  });
});

/** The span has the kind of its row, every attribute that the row names, and no other. */
function expectRow(when: string, span: RecordedSpan): void {
  const row = rows.find((one) => one.when.startsWith(when));
  expect(row, `the row "${when}"`).toBeDefined();
  expect(SpanKind[span.kind], `kind of "${when}"`).toBe(row?.kind);
  const present = Object.keys(span.attributes).filter((name) => !OF_ALL.includes(name));
  const patterns = row?.attributes ?? [];
  expect(
    present.filter((name) => !patterns.some((pattern) => fits(pattern, name))),
    `attributes that "${when}" does not name`,
  ).toEqual([]);
  expect(
    patterns.filter((pattern) => !present.some((name) => fits(pattern, name))),
    `attributes that "${when}" names and that are not there`,
  ).toEqual([]);
  expect(Object.keys(span.attributes)).toEqual(expect.arrayContaining(OF_ALL));
  expect(
    present.filter((name) => !named.includes(name)),
    'attributes that have no row of their own',
  ).toEqual([]);
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function tableBelow(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = readme.split(`\n${heading}\n`);
  const [table = ''] = /(^\|.*\n)+/m.exec(section) ?? [];
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}
