import { Controller, type INestMicroservice } from '@nestjs/common';
import { Ctx, EventPattern, KafkaContext, ServerKafka } from '@nestjs/microservices';
import type { EachMessagePayload, IHeaders, Kafka, ProducerRecord } from 'kafkajs';
import { KafkaTracing, type Relation } from 'nestjs-kafka-tracing';
import type { RecordedSpan } from 'nestjs-kafka-tracing/testing';
import { describe, expect, it } from 'vitest';
import { expectChildOf, expectLinkedTo, expectRoot, expectUnset } from '../support/expectations.js';
import { createTopics, freshTopic, plainKafka, readPlain, sendPlain } from '../support/kafka.js';
import { clientOf, kafkaOptions, startMicroservice } from '../support/nest-app.js';
import { traceparent } from '../support/trace-context.js';
import { consume, tracedKafka, tracedProducer } from '../support/traced-kafka.js';
import { inSpan, useTracing } from '../support/tracing.js';
import { until } from '../support/until.js';

type Handle = (kafka: KafkaContext) => unknown;

const BINARY = Buffer.from([0xff, 0xfe, 0x00, 0x7b]);

function handlerOf(topic: string, handle: Handle): new () => object {
  @Controller()
  class Orders {
    @EventPattern<string>(topic)
    async handle(@Ctx() kafka: KafkaContext): Promise<void> {
      await handle(kafka);
    }
  }
  return Orders;
}

/** Makes dead letters of what one topic has, and keeps them. */
async function collecting(topic: string, error: unknown = new TypeError('no such order')) {
  const records: ProducerRecord[] = [];
  const app: INestMicroservice = await startMicroservice({
    controllers: [
      handlerOf(topic, (kafka) => {
        records.push(app.get(KafkaTracing).deadLetter(kafka, error));
      }),
    ],
  });
  return records;
}

describe('a dead letter', () => {
  const spans = useTracing();

  it('has the very bytes that kafkajs received, although Nest has parsed its copy', async () => {
    const topic = await freshTopic();
    const records = await collecting(topic);
    const message = {
      key: Buffer.from('{ "id": 1.0 }'),
      value: Buffer.from('{ "amount" : 10.50 }'),
      headers: {
        traceparent: traceparent(1),
        json: '{ "a" : 1 }',
        binary: BINARY,
        repeated: ['one', BINARY],
        empty: '',
      },
      timestamp: '1700000000000',
    };

    await sendPlain(topic, message);

    await until('the message is handled', () => records.length === 1);
    expect(records).toEqual([
      {
        topic: `${topic}.dlt`,
        messages: [
          {
            key: message.key,
            value: message.value,
            headers: {
              traceparent: Buffer.from(traceparent(1)),
              json: Buffer.from('{ "a" : 1 }'),
              binary: BINARY,
              repeated: [Buffer.from('one'), BINARY],
              empty: Buffer.alloc(0),
              'x-original-topic': topic,
              'x-original-partition': '0',
              'x-original-offset': '0',
              'x-original-timestamp': '1700000000000',
              'x-original-traceparent': traceparent(1),
              'x-error-type': 'TypeError',
              'x-error-message': 'no such order',
              'x-delivery-attempt': '1',
            },
          },
        ],
      },
    ]);
    await spans.one(`process ${topic}`);
  });

  it.each<[what: string, key: Buffer | null, value: Buffer | null]>([
    ['binary', BINARY, BINARY],
    ['binary, as a schema registry has it', Buffer.from([0, 0, 0, 0, 1, 0xff]), Buffer.from([0, 0xff])],
    ['a tombstone', Buffer.from('k'), null],
    ['without a key', null, Buffer.alloc(0)],
  ])('has them also where they are no JSON: %s', async (_what, key, value) => {
    const topic = await freshTopic();
    const records = await collecting(topic);
    await sendPlain(topic, { key, value });
    await until('the message is handled', () => records.length === 1);
    expect(records[0]?.messages[0]).toMatchObject({ key, value });
  });

  it('sends nothing by itself, and is a record as a producer takes it', async () => {
    const topic = await freshTopic();
    await createTopics([`${topic}.dlt`]);
    const [record] = await recordsOf(topic, { key: 'k', value: BINARY, headers: { binary: BINARY } });
    expect(spans.finished.map(({ name }) => name)).toEqual([`process ${topic}`]);
    expect(await endOf(`${topic}.dlt`)).toBe('0');

    const producer = await tracedProducer();
    await producer.send(record as ProducerRecord);

    const [letter] = await readPlain(`${topic}.dlt`, 1);
    expect([letter?.key, letter?.value]).toEqual([Buffer.from('k'), BINARY]);
    const send = await spans.one(`send ${topic}.dlt`);
    const { traceId, spanId } = send.spanContext();
    expect(letter?.headers?.['binary']).toEqual(BINARY);
    expect(textsOf(letter?.headers)).toEqual({
      ...textsOf(record?.messages[0]?.headers),
      traceparent: `00-${traceId}-${spanId}-01`,
    });
  });

  it('says how often the message was delivered', async () => {
    const topic = await freshTopic();
    const records: ProducerRecord[] = [];
    const app: INestMicroservice = await startMicroservice({
      controllers: [
        handlerOf(topic, (kafka) => {
          const record = app.get(KafkaTracing).deadLetter(kafka, new Error('no'));
          records.push(record);
          if (records.length < 3) {
            throw new Error('once more');
          }
        }),
      ],
    });

    await sendPlain(topic, { value: 'v', headers: { 'x-delivery-attempt': '4' } });

    await spans.all(`process ${topic}`, 3);
    expect(records.map(({ messages }) => messages[0]?.headers?.['x-delivery-attempt'])).toEqual([
      '5',
      '6',
      '7',
    ]);
  });

  it('of a dead letter keeps where the message was first', async () => {
    const topic = await freshTopic();
    await createTopics([`${topic}.dlt`]);
    const [first] = await recordsOf(topic, { value: 'v', headers: { traceparent: traceparent(1) } });
    const producer = await tracedProducer();
    await producer.send(first as ProducerRecord);

    const records = await collecting(`${topic}.dlt`, new RangeError('still not'));
    await until('the dead letter is handled', () => records.length === 1);

    expect(records[0]?.topic).toBe(`${topic}.dlt.dlt`);
    expect(textsOf(records[0]?.messages[0]?.headers)).toEqual({
      ...textsOf(first?.messages[0]?.headers),
      traceparent: expect.any(String),
      'x-error-type': 'RangeError',
      'x-error-message': 'still not',
      'x-delivery-attempt': '2',
    });
    expect(textsOf(records[0]?.messages[0]?.headers)).toMatchObject({
      'x-original-topic': topic,
      'x-original-traceparent': traceparent(1),
    });
  });

  /** The dead letters of one message. */
  async function recordsOf(topic: string, message: Parameters<typeof sendPlain>[1]) {
    const records = await collecting(topic);
    await sendPlain(topic, message);
    await spans.one(`process ${topic}`);
    return records;
  }
});

describe('a dead letter without the driver', () => {
  const spans = useTracing();

  it('has what Nest parsed, as text', async () => {
    const topic = await freshTopic();
    class OwnStrategy extends ServerKafka {
      override async listen(callback: (error?: unknown) => void): Promise<void> {
        Object.defineProperty(this, 'createClient', { value: () => plainKafka() });
        await super.listen(callback);
      }
    }
    const records: ProducerRecord[] = [];
    const app: INestMicroservice = await startMicroservice(
      {
        controllers: [
          handlerOf(topic, (kafka) => {
            records.push(app.get(KafkaTracing).deadLetter(kafka, new Error('no'), 'elsewhere'));
          }),
        ],
      },
      new OwnStrategy({ ...kafkaOptions('own'), run: {} }),
    );
    const headers = { traceparent: traceparent(1), json: '{ "a": 1 }', 'x-delivery-attempt': '2' };

    await sendPlain(topic, { key: 'k', value: '{ "amount" : 1 }', headers });

    await until('the message is handled', () => records.length === 1);
    expect(records[0]?.topic).toBe('elsewhere');
    expect(records[0]?.messages).toEqual([
      {
        key: 'k',
        value: '{"amount":1}',
        headers: {
          ...headers,
          json: '{"a":1}',
          'x-original-topic': topic,
          'x-original-partition': '0',
          'x-original-offset': '0',
          'x-original-timestamp': expect.stringMatching(/^\d{13}$/),
          'x-original-traceparent': traceparent(1),
          'x-error-type': 'Error',
          'x-error-message': 'no',
          'x-delivery-attempt': '3',
        },
      },
    ]);
    await spans.one(`process ${topic}`);
  });

  it('is made where nothing is traced', async () => {
    const topic = await freshTopic();
    const records: ProducerRecord[] = [];
    const app: INestMicroservice = await startMicroservice({
      tracing: { enabled: false },
      controllers: [
        handlerOf(topic, (kafka) => records.push(app.get(KafkaTracing).deadLetter(kafka, new Error('no')))),
      ],
    });
    await sendPlain(topic, { key: 'k', value: 'v' });
    await until('the message is handled', () => records.length === 1);
    expect(records[0]?.messages[0]).toMatchObject({
      key: 'k',
      value: 'v',
      headers: { 'x-original-topic': topic, 'x-delivery-attempt': '1' },
    });
    expect(spans.finished).toEqual([]);
  });
});

describe('a dead letter of what plain kafkajs handles', () => {
  const spans = useTracing();

  it('is made of what eachMessage is given, and counts its deliveries', async () => {
    const topic = await freshTopic();
    const app = await startMicroservice({});
    const kafka = (await clientOf(app)).unwrap<Kafka>();
    const records: ProducerRecord[] = [];
    await consume(kafka, topic, async (payload: EachMessagePayload) => {
      records.push(app.get(KafkaTracing).deadLetter(payload, new Error('no')));
      if (records.length < 2) {
        throw new Error('once more');
      }
    });

    await sendPlain(topic, { key: 'k', value: BINARY });

    await spans.all(`process ${topic}`, 2);
    expect(records.map(({ messages }) => messages[0]?.value)).toEqual([BINARY, BINARY]);
    expect(attemptsIn(records)).toEqual(['1', '2']);
  });

  it('is made of a message of a batch, and counts its deliveries, in its span or not', async () => {
    const topic = await freshTopic();
    const tracing = (await startMicroservice({})).get(KafkaTracing);
    const outside: ProducerRecord[] = [];
    const within: ProducerRecord[] = [];
    let deliveries = 0;
    await consume(tracedKafka(), topic, {
      eachBatch: async ({ batch: { topic: from, partition, messages } }) => {
        deliveries += 1;
        for (const message of messages) {
          const handled = { topic: from, partition, message };
          outside.push(tracing.deadLetter(handled, new Error('no')));
          tracing.runInContextOf(message, () => within.push(tracing.deadLetter(handled, new Error('no'))));
        }
        if (deliveries < 2) {
          throw new Error('once more');
        }
      },
    });

    await sendPlain(topic, { value: 'v', headers: { 'x-delivery-attempt': '3' } });

    await until('the batch is handled twice', () => deliveries === 2);
    expect(attemptsIn(outside)).toEqual(['4', '5']);
    expect(attemptsIn(within)).toEqual(['4', '5']);
    await spans.all(`process ${topic}`, 4);
  });

  it('is made of a message that nobody handles any more', async () => {
    const tracing = (await startMicroservice({})).get(KafkaTracing);
    const message = { key: null, value: BINARY, offset: '7', headers: { 'x-delivery-attempt': 'two' } };
    const record = tracing.deadLetter({ topic: 'orders', partition: 1, message }, undefined);
    expect(record.messages[0]?.headers).toEqual({
      'x-original-topic': 'orders',
      'x-original-partition': '1',
      'x-original-offset': '7',
      'x-error-type': '_OTHER',
      'x-error-message': 'undefined',
      'x-delivery-attempt': '1',
    });
  });
});

describe('a dead letter where no SDK is registered', () => {
  useTracing({ tracerProvider: false, contextManager: false, propagator: false });

  it('has the very bytes that kafkajs received, and counts the deliveries', async () => {
    const [topic, plain] = [await freshTopic(), await freshTopic('plain')];
    const records: ProducerRecord[] = [];
    const ofPlain: ProducerRecord[] = [];
    const app: INestMicroservice = await startMicroservice({
      controllers: [
        handlerOf(topic, (kafka) => {
          records.push(app.get(KafkaTracing).deadLetter(kafka, new Error('no')));
          if (records.length < 3) {
            throw new Error('once more');
          }
        }),
      ],
    });
    await consume(tracedKafka(), plain, async (payload: EachMessagePayload) => {
      ofPlain.push(app.get(KafkaTracing).deadLetter(payload, new Error('no')));
      if (ofPlain.length < 2) {
        throw new Error('once more');
      }
    });

    const message = { key: BINARY, value: '{ "amount" : 10.50 }', headers: { 'x-delivery-attempt': '4' } };
    await sendPlain(topic, message);
    await sendPlain(plain, message);

    await until('the messages are handled', () => records.length === 3 && ofPlain.length === 2);
    expect(attemptsIn(records)).toEqual(['5', '6', '7']);
    expect(attemptsIn(ofPlain)).toEqual(['5', '6']);
    expect(records.map(({ messages }) => messages[0]?.key)).toEqual([BINARY, BINARY, BINARY]);
    expect(records[0]?.messages[0]?.value).toEqual(Buffer.from(message.value));
  });
});

describe('a chain from topic to retry topic to dead-letter topic', () => {
  const spans = useTracing();

  async function followChain(relation: Relation) {
    const topic = await freshTopic();
    const retryTopic = `${topic}.retry`;
    await createTopics([retryTopic, `${topic}.dlt`]);
    const passOn = (to: string) => async (kafka: KafkaContext) => {
      await kafka.getProducer().send(app.get(KafkaTracing).deadLetter(kafka, new Error('no'), to));
    };
    const controllers = [
      handlerOf(topic, passOn(retryTopic)),
      handlerOf(retryTopic, passOn(`${topic}.dlt`)),
      handlerOf(`${topic}.dlt`, () => {}),
    ];
    const app: INestMicroservice = await startMicroservice({ tracing: { relation }, controllers });
    const producer = await tracedProducer();

    await inSpan('caller', () => producer.send({ topic, messages: [{ value: 'v' }] }));

    const names = [topic, retryTopic, `${topic}.dlt`];
    const hops: { readonly send: RecordedSpan; readonly process: RecordedSpan }[] = [];
    for (const name of names) {
      const process = await spans.one(`process ${name}`);
      hops.push({ send: await spans.one(`send ${name}`), process });
    }
    const [first, retry, dead] = hops;
    return { first: first!, retry: retry!, dead: dead!, letter: (await readPlain(`${topic}.dlt`, 1))[0] };
  }

  it.each<Relation>(['both', 'parent'])('is one trace: %s', async (relation) => {
    const { first, retry, dead } = await followChain(relation);
    expectChildOf(first.send, await spans.one('caller'));
    expectChildOf(first.process, first.send);
    expectChildOf(retry.send, first.process);
    expectChildOf(retry.process, retry.send);
    expectChildOf(dead.send, retry.process);
    expectChildOf(dead.process, dead.send);
    expect(new Set(spans.finished.map((span) => span.spanContext().traceId)).size).toBe(1);
    const own = (hop: { readonly send: RecordedSpan }) => (relation === 'both' ? [hop.send] : []);
    expectLinkedTo(first.process, ...own(first));
    expectLinkedTo(retry.process, ...own(retry), first.send);
    expectLinkedTo(dead.process, ...own(dead), first.send);
  });

  it('is linked hop by hop: link', async () => {
    const { first, retry, dead } = await followChain('link');
    [first, retry, dead].forEach((hop) => expectRoot(hop.process));
    expectLinkedTo(first.process, first.send);
    expectChildOf(retry.send, first.process);
    expectLinkedTo(retry.process, retry.send, first.send);
    expectChildOf(dead.send, retry.process);
    expectLinkedTo(dead.process, dead.send, first.send);
    expect(new Set(spans.finished.map((span) => span.spanContext().traceId)).size).toBe(4);
  });

  it.each<Relation>(['both', 'parent', 'link'])(
    'links what sends it to where it began, and counts its deliveries: %s',
    async (relation) => {
      const { first, retry, dead, letter } = await followChain(relation);
      expectLinkedTo(first.send);
      expectLinkedTo(retry.send, first.send);
      expectLinkedTo(dead.send, first.send);
      const attempts = [first, retry, dead].map(
        ({ process }) => process.attributes['nestjs.kafka.delivery_attempt'],
      );
      expect(attempts).toEqual([undefined, 2, 3]);
      [first, retry, dead].flatMap(({ send, process }) => [send, process]).forEach(expectUnset);
      const { traceId, spanId } = dead.send.spanContext();
      expect(textsOf(letter?.headers)).toMatchObject({
        traceparent: `00-${traceId}-${spanId}-01`,
        'x-original-offset': '0',
        'x-delivery-attempt': '2',
      });
    },
  );
});

/** Headers as text, whether from the wire or not. */
function textsOf(headers: IHeaders | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

function attemptsIn(records: readonly ProducerRecord[]): readonly unknown[] {
  return records.map(({ messages }) => messages[0]?.headers?.['x-delivery-attempt']);
}

/** Where a topic ends. */
async function endOf(topic: string): Promise<string | undefined> {
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    const [partition] = await admin.fetchTopicOffsets(topic);
    return partition?.high;
  } finally {
    await admin.disconnect();
  }
}
