import type { KafkaTracingModuleOptions } from 'nestjs-kafka-tracing';
import type { RecordedSpan } from 'nestjs-kafka-tracing/testing';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { recordReports } from '../support/diag-reports.js';
import { emit, handlerOf } from '../support/events.js';
import { createTopics, freshName } from '../support/kafka.js';
import { clientOf, startMicroservice } from '../support/nest-app.js';
import { answering } from '../support/requests.js';
import { useTracing } from '../support/tracing.js';

const KEY = 'kafka.message.key';
const SIZE = 'messaging.message.body.size';
const TENANT = 'messaging.header.x-tenant';

const spans = useTracing();

/** Emits messages to a topic that is handled: the spans that send each, and those that process it. */
async function emitted(
  tracing: KafkaTracingModuleOptions,
  messages: readonly object[],
  topic = freshName('orders'),
): Promise<{ readonly sends: readonly RecordedSpan[]; readonly processes: readonly RecordedSpan[] }> {
  await createTopics([topic]);
  const client = await clientOf(await startMicroservice({ tracing, controllers: [handlerOf(topic)] }));
  for (const message of messages) {
    await emit(client, topic, message);
  }
  const processes = await spans.all(`process ${topic}`, messages.length);
  return { sends: await spans.all(`send ${topic}`, messages.length), processes };
}

/** The attribute on each side, message by message. */
async function written(
  attribute: string,
  ...given: Parameters<typeof emitted>
): Promise<{ readonly sends: unknown; readonly processes: unknown }> {
  const { sends, processes } = await emitted(...given);
  const valuesOf = (sides: readonly RecordedSpan[]) => sides.map(({ attributes }) => attributes[attribute]);
  return { sends: valuesOf(sends), processes: valuesOf(processes) };
}

describe('the key of a message', () => {
  it.each<[option: KafkaTracingModuleOptions['messageKey'], key: string | undefined]>([
    [undefined, 'customer-7'],
    [true, 'customer-7'],
    [false, undefined],
    [(key) => `${String(key).slice(0, 3)}…`, 'cus…'],
  ])('is written on both sides as messageKey says: %s', async (messageKey, key) => {
    const options = messageKey === undefined ? {} : { messageKey };
    const messages = [{ key: 'customer-7', value: 'v' }];
    expect(await written(KEY, options, messages)).toEqual({ sends: [key], processes: [key] });
  });

  it('is given to a function as text, or as bytes where it is none; without a key it is not called', async () => {
    const given: unknown[] = [];
    const messageKey = (key: string | Buffer): string => {
      given.push(key);
      return typeof key;
    };
    const binary = Buffer.from([0xff, 0xfe]);
    const messages = [{ key: 'käse', value: 'v' }, { key: binary, value: 'v' }, { value: 'v' }];
    const keys = ['string', 'object', undefined];
    expect(await written(KEY, { messageKey }, messages)).toEqual({ sends: keys, processes: keys });
    expect(given.filter((key) => typeof key === 'string')).toEqual(['käse', 'käse']);
    expect(given.filter((key) => typeof key !== 'string')).toEqual([binary, binary]);
  });

  it('is left out where the function throws or gives no text, and the message goes its way', async () => {
    const reports = recordReports();
    const messages = [
      { key: 'throws', value: 'v' },
      { key: 'k', value: 'v' },
    ];
    const none = [undefined, undefined];
    expect(await written(KEY, { messageKey: badly }, messages)).toEqual({ sends: none, processes: none });
    expect(reports).toEqual([expect.stringContaining('write the key')]);
  });

  it('is written as the rule of its topic says, before the module', async () => {
    const topic = freshName('customers');
    const topics = [{ match: topic, messageKey: () => 'masked' }];
    const messages = [{ key: 'customer-7', value: 'v' }];
    const expected = { sends: ['masked'], processes: ['masked'] };
    expect(await written(KEY, { messageKey: false, topics }, messages, topic)).toEqual(expected);
  });
});

describe('the size of a message', () => {
  it('is written on both sides in bytes of its value; a tombstone has none', async () => {
    const values = ['käse', '', Buffer.from([0xff, 0, 1]), { n: 1 }, null];
    const sizes = [5, 0, 3, 7, undefined];
    const { sends, processes } = await emitted(
      { bodySize: true },
      values.map((value) => ({ value })),
    );
    expect(sends.map(({ attributes }) => attributes[SIZE])).toEqual(sizes);
    expect(processes.map(({ attributes }) => attributes[SIZE])).toEqual(sizes);
    expect(sends.at(-1)?.attributes['kafka.message.tombstone']).toBe(true);
    expect(processes.at(-1)?.attributes['kafka.message.tombstone']).toBe(true);
  });

  it.each([{}, { bodySize: false }])('is not written unless it is asked for: %j', async (options) => {
    const none = [undefined];
    expect(await written(SIZE, options, [{ value: 'v' }])).toEqual({ sends: none, processes: none });
  });
});

describe('the headers of a message', () => {
  const captureHeaders = ['X-Tenant', 'x-region'];

  it('are written on both sides where they are named, as lists, and no others', async () => {
    const headers = { 'x-tenant': 'a', 'X-REGION': ['eu', Buffer.from('us')], authorization: 'secret' };
    const { sends, processes } = await emitted({ captureHeaders }, [{ value: 'v', headers }]);
    for (const { attributes } of [...sends, ...processes]) {
      const captured = Object.entries(attributes).filter(([name]) => name.startsWith('messaging.header.'));
      expect(Object.fromEntries(captured)).toEqual({
        [TENANT]: ['a'],
        'messaging.header.x-region': ['eu', 'us'],
      });
      expect(JSON.stringify(attributes)).not.toContain('secret');
    }
  });

  it('are not written unless they are asked for', async () => {
    const messages = [{ value: 'v', headers: { 'x-tenant': 'a' } }];
    expect(await written(TENANT, {}, messages)).toEqual({ sends: [undefined], processes: [undefined] });
  });
});

describe('what is said of messages', () => {
  const tracing = { messageKey: () => 'masked', bodySize: true, captureHeaders: ['x-tenant'] };

  it('is said of each one of a batch', async () => {
    const topic = freshName('orders');
    await createTopics([topic]);
    const client = await clientOf(await startMicroservice({ tracing, controllers: [handlerOf(topic)] }));
    const headers = { 'x-tenant': 'a' };
    const messages = [{ key: 'k', value: 'abc', headers }, { value: 'a' }];

    await firstValueFrom(client.emitBatch(topic, { messages }));

    const expected = [
      ['masked', 3, ['a']],
      [undefined, 1, undefined],
    ];
    expect((await spans.all(`create ${topic}`, 2)).map(said)).toEqual(expected);
    expect((await spans.all(`process ${topic}`, 2)).map(said)).toEqual(expected);
    expect(said(await spans.one(`send ${topic}`))).toEqual([undefined, undefined, undefined]);
  });

  it('is said of a request and of its reply', async () => {
    const reply = { key: 'k', value: 'done!', headers: { 'x-tenant': 'b' } };
    const { topic, client } = await answering(() => reply, { tracing });

    const request = { key: 'k', value: 'work', headers: { 'x-tenant': 'a' } };
    expect(await firstValueFrom(client.send(topic, request))).toBe('done!');

    const sides = ['send', 'process'] as const;
    for (const side of sides) {
      expect(said(await spans.one(`${side} ${topic}`))).toEqual(['masked', 4, ['a']]);
      expect(said(await spans.one(`${side} ${topic}.reply`))).toEqual(['masked', 5, ['b']]);
    }
  });
});

function badly(key: string | Buffer): string {
  if (key === 'throws') {
    throw new Error('no');
  }
  return 7 as never;
}

function said({ attributes }: RecordedSpan): readonly unknown[] {
  return [attributes[KEY], attributes[SIZE], attributes[TENANT]];
}
